"""The review page in a real browser. Skipped, saying so, where there is no chromium with its driver."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.media import process
from asid.pipeline.review.verdicts import Book, Verdict
from asid.pipeline.rows import Mark, Problem
from asid.pipeline.run.folder import Run
from asid.pipeline.storage import to_path
from tests import samples
from tests.kits.reviewkit import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="no chromium with chromedriver: apt-get install chromium-driver"
    ),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Sixteen clips, with one real video of ten seconds under many names."""
    folder = tmp_path_factory.mktemp("review")
    run = samples.make(folder / "run", videos=3)
    source = folder / "clip.mp4"
    sight = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=10"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=10"]
    process.run(["ffmpeg", "-v", "error", *sight, *sound, "-pix_fmt", "yuv420p", "-g", "10", str(source)], 120)
    for row in run.all_rows("finish"):
        target = to_path(run.storage.resolve(row.uri))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
    return run


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
                     "--autoplay-policy=no-user-gesture-required", "--window-size=1400,1000",
                     f"--user-data-dir={tmp_path / 'profile'}"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
    yield driver
    driver.quit()


def until(wanted: Callable[[], Any], what: str) -> Any:
    """Waits for something to become true; only a machine that hangs makes this fail."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if found := wanted():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


def test_ten_clips_judged_by_keyboard_survive_a_reload(run: Run, browser: Any, tmp_path: Path) -> None:
    def script(text: str) -> Any:
        return browser.execute_script(f"return {text}")

    def press(keys: str) -> None:
        browser.switch_to.active_element.send_keys(keys)

    def shown(number: int) -> bool:
        place = script("document.getElementById('place').textContent")
        return script("state.clip && state.clip.id") == clips[number] and place.startswith(f"clip {number + 1} ")

    with served(run, seed=3) as (url, server):
        clips = list(server.clips.shards)
        browser.get(f"{url}/?token={server.token}")
        until(lambda: shown(0), "the first clip")
        assert server.token not in browser.current_url
        until(lambda: script("video.readyState") >= 2, "loading the video")

        press(" ")
        until(lambda: script("!video.paused && video.currentTime > 0.2"), "playing")
        press(" ")
        until(lambda: script("video.paused"), "pausing")

        # An anchor is clicked, and the video is there.
        target = next(number for number, clip in enumerate(clips) if "At 4s" in server.clips.get(clip).caption)

        while not shown(target):
            press("j")
            time.sleep(0.3)
        until(lambda: script("video.readyState") >= 2, "loading the video")
        browser.find_element("css selector", "#caption .anchor[data-time='4']").click()
        until(lambda: abs(script("video.currentTime") - 4) < 0.05, "the jump to the anchor")
        press("t")
        browser.save_screenshot(str(tmp_path / "review.png"))
        if os.environ.get("ASID_SCREENSHOTS"):
            shutil.copy(tmp_path / "review.png", os.environ["ASID_SCREENSHOTS"])

        # Ten clips by keyboard, from the first on.
        for _ in range(target):
            press("k")
            time.sleep(0.3)
        until(lambda: shown(0), "going back")
        for number in range(10):
            until(lambda number=number: shown(number), f"clip {number}")
            if number % 3 == 0:
                press("r")
            else:
                press("e" if number % 3 == 1 else "m")
                until(lambda: script("!document.getElementById('choice').hidden"), "the attributes")
                press("6")
                until(lambda: script("document.activeElement.id") == "note", "the note")
                press(f"note {number}\ue007")
            until(lambda number=number: len(Book(run.storage).read()) == number + 1, f"verdict {number}")
        until(lambda: shown(10), "the eleventh clip")

        browser.refresh()
        until(lambda: shown(10), "the page after a reload")
        assert script("document.getElementById('mine').textContent") == "10 judged"
        press("k")
        until(lambda: shown(9), "the clip before")
        assert script("document.getElementById('state').textContent") == "you said: reliable"
        kept = Book(run.storage).read()
        assert [verdict.clip for verdict in kept] == clips[:10]
        assert [verdict.said for verdict in kept] == ["reliable", "error", "missing"] * 3 + ["reliable"]
        assert kept[1].attribute == "speech"
        assert kept[1].note == "note 1"


def test_hostile_text_shows_and_does_not_run(run: Run, browser: Any) -> None:
    def script(text: str) -> Any:
        return browser.execute_script(f"return {text}")

    with served(run, seed=3) as (url, server):
        browser.get(f"{url}/?token={server.token}")
        for number, clip in enumerate(server.clips.shards):
            row = server.clips.get(clip)
            until(lambda number=number: browser.execute_script(f"return show({number})") or True, "asking for the clip")
            until(lambda id=row.id: script("state.clip && state.clip.id") == id, "the clip")
            until(lambda: script("document.getElementById('candidates').children.length") == 2, "its candidates")
            seen = row.caption.replace("\u202e", "⟨U+202E⟩").replace("\u0000", "⟨U+0000⟩")
            assert script("document.getElementById('caption').textContent") == seen
            assert script("document.querySelectorAll('main script, main img, main a').length") == 0
            assert script("document.documentElement.scrollWidth <= window.innerWidth"), "wider than the window"
            if row.caption == samples.HOSTILE[2]:
                until(lambda: script("video.readyState") >= 2, "loading the video")
                browser.find_element("css selector", "#caption .quote").click()
                until(lambda: abs(script("video.currentTime") - 1) < 0.05, "the jump to what is said")
                lit = script("[...document.querySelectorAll('.word.lit')].map((word) => word.textContent)")
                assert lit == ["hello", "there"]
        assert browser.title == "review"
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_clip_may_have_several_findings(tmp_path: Path, browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    run = samples.make(tmp_path / "run", videos=1)

    def script(text: str) -> Any:
        return browser.execute_script(f"return {text}")

    def press(*keys: str) -> None:
        browser.switch_to.active_element.send_keys(*keys)

    with served(run) as (url, server):
        first = next(iter(server.clips.shards))
        browser.get(f"{url}/?token={server.token}")
        until(lambda: script("state.clip && state.clip.id") == first, "the first clip")
        for said, key, note in (("m", "7", "the pan"), ("e", "6", "a word")):
            press(said)
            until(lambda: script("!document.getElementById('choice').hidden"), "the attributes")
            press(key)
            until(lambda: script("document.activeElement.id") == "note", "the note")
            press(note)
            press(Keys.SHIFT, Keys.ENTER)
            press(Keys.NULL)
        until(lambda: script("document.getElementById('listed').children.length") == 2, "two findings")
        script("document.querySelector('#listed button').click()")
        until(lambda: script("document.getElementById('listed').children.length") == 1, "one taken back")
        press("m")
        press("8")
        until(lambda: script("document.activeElement.id") == "note", "the note")
        press(Keys.ENTER)
        until(lambda: len(Book(run.storage).read()) == 1, "the verdict")
        verdict = Book(run.storage).read()[0]
        assert verdict.findings == ("error speech", "missing emotions"), "the error stands first"
        assert verdict.note == "a word"


def test_what_rules_see_is_shown_where_it_is(tmp_path: Path, browser: Any) -> None:
    seen = Problem(kind="quote_word", snippet="it jumps", why='"jumps" was said as "sits" at 4.0 s')
    gone = Mark(stage="verify", kind="speaker_label", snippet="S1:", why="a label", mended=False)
    run = samples.make(tmp_path / "run", videos=1, remaining=(seen,), marks=(gone,))

    def script(text: str) -> Any:
        return browser.execute_script(f"return {text}")

    with served(run) as (url, server):
        place = next(number for number, clip in enumerate(server.clips.shards)
                     if "it jumps" in server.clips.get(clip).caption)  # fmt: skip
        browser.get(f"{url}/?token={server.token}")
        until(lambda: script("state.clip !== null"), "a clip")
        browser.execute_script(f"return show({place})")
        until(lambda: script("state.clip.caption").find("it jumps") >= 0, "the clip with the words")
        lines = script("[...document.querySelectorAll('#problems li')].map((line) => line.textContent)")
        assert (
            lines[0].startswith("quote word (left): it jumps: ") and lines[1] == "speaker label (mended): S1:: a label"
        )
        browser.find_element("css selector", "#problems li").click()
        assert script("String(getSelection())") == "it jumps"


def test_a_third_reviewer_decides_what_two_dispute(tmp_path: Path, browser: Any) -> None:
    run = samples.make(tmp_path / "run", videos=1)

    def script(text: str) -> Any:
        return browser.execute_script(f"return {text}")

    def press(keys: str) -> None:
        browser.switch_to.active_element.send_keys(keys)

    with served(run) as (url, server):
        first, second, *_ = server.clips.shards
        for clip, said in ((first, "reliable"), (second, "error")):
            Book(run.storage).add(Verdict(clip=clip, reviewer="bob", said=said))
            Book(run.storage).add(Verdict(clip=clip, reviewer="ann", said="error"))
        browser.get(f"{url}/?token={server.token}")
        until(lambda: script("state.clip && state.clip.id") == first, "the first clip")
        field = browser.find_element("id", "reviewer")
        field.clear()
        field.send_keys("cleo\ue007")
        press("\ue00c")
        press("j")
        until(lambda: script("state.clip.id") == second, "the second clip")
        assert script("document.getElementById('others').hidden"), "others are not shown before one decides"
        press("d")
        until(lambda: script("state.clip.id") == first, "the disputed clip")
        assert script("document.getElementById('others').textContent") == "bob: reliable · ann: error"
        press("r")
        until(lambda: len(Book(run.storage).read()) == 5, "the decision")
        assert Book(run.storage).read()[-1].adjudicates
        press("?")
        until(lambda: script("document.getElementById('help').open"), "the results")
        told = script("document.getElementById('result').textContent")
        assert told.startswith("1 of 2 clips are reliable: 50.0 %, between 9.5 % and 90.5 % (Wilson, 95 %)")
        assert "ann, bob agree on 50.0 % of 2 clips" in told
