"""The report of a hand-made run: right numbers, and hostile text that stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.dataset.card import card
from asid.pipeline.figures import gather
from asid.pipeline.prompts import Prompts
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.report import html, shown
from asid.pipeline.rows import Audit, Error, Judged, Row, Video
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Stage
from tests import samples


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Two shards; one of the four videos has failed."""
    run = Run(tmp_path / "run", samples.manifest(tmp_path / "source"))
    run.freeze()
    videos = [samples.video(number) for number in range(4)]
    for shard, group in enumerate((videos[:2], videos[2:])):
        clips = [[] if row is videos[2] else [samples.judged(row, n) for n in range(8)] for row in group]
        samples.write(run, f"{shard:05d}", group, clips, 2)
    return run


def test_figures_are_those_of_the_rows(run: Run) -> None:
    rows = list(run.all_rows("finish"))
    kept = [row for row in rows if row.kept]
    figures = gather(run)
    assert (figures.kept, figures.dropped) == (len(kept), len(rows) - len(kept)) == (18, 6)
    assert figures.seconds == sum(row.duration for row in kept)
    assert figures.rules == {"length": 6}
    assert figures.shots == {2: 18}
    assert figures.speakers == {2: 18}
    assert sum(figures.languages.values()) == 18
    assert figures.attributes["scene"].errors == 24
    assert figures.attributes["camera"].missing == 12
    assert figures.attributes["emotions"].given == 0
    audited, after, left = figures.quality
    assert audited.rates() == {"No-Error": 0.0, "No-Missing": 0.5, "Clean": 0.0}
    assert after.rates() == {"No-Error": 1.0, "No-Missing": 0.5, "Clean": 0.5}  # the scene's error is said to be mended
    assert left.clips == 18
    assert {key: len(found) for key, found in figures.failures.items()} == {("finish", "refusal"): 1}
    assert figures.usd == 0
    assert figures.checks == {"anchor_range": (1.0, 0.0)}


def test_what_rules_have_checked_is_never_called_without_error(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", samples.manifest(tmp_path / "source"))
    run.freeze()
    video = samples.video(0)
    rules = samples.MODEL.model_copy(update={"provider": "embedded"})
    clips = [samples.judged(video, number) for number in range(4)]
    clips = [clip.model_copy(update={"audits": tuple(one.model_copy(update={"by": rules}) for one in clip.audits)})
             for clip in clips]  # fmt: skip
    samples.write(run, "00000", [video], [clips], 1)
    audited = gather(run).quality[0]
    assert (audited.told, audited.rates()["no rule broken"]) == ("checked by rules", 0.0)
    for page in (html(run), card("demo", gather(run), {}, videos="", held_back="")):
        assert "No-Error" not in page
        assert "checked by rules" in page
        assert "no rule broken" in page


def test_hostile_text_stays_text_and_nothing_comes_from_elsewhere(run: Run) -> None:
    page = html(run)
    tags = Tags()
    tags.feed(page)
    assert {tag for tag, _ in tags.seen} & {"script", "img", "link", "iframe", "object", "a", "form"} == set()
    assert not [attrs for _, attrs in tags.seen for name in attrs if name.startswith("on") or name in ("src", "href")]
    assert samples.SCRIPT in tags.text
    assert "\u202e" not in page
    assert "\\u202e" in page
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_it_shows_every_part(run: Run) -> None:
    page = html(run)
    for part in ("The funnel", "Quality at each stage", "Findings by attribute", "Length", "Speakers", "Languages",
                 "Spending", "Slowest clips", "Failures", "Who wrote what", "Licences"):  # fmt: skip
        assert part in page
    assert "<b>18</b><span>clips kept" in page
    assert "finish: refusal" in page
    assert page.count("<svg") >= 4
    assert page.count('class="bars"') >= 5
    assert "not whole" not in page


class ScreenedFinishConfig(samples.FinishConfig):
    screen: str = "cheap"
    recall: float = 0.8
    confidence: float = 0.9
    threshold: float | None = None


class ScreenedFinish(Stage[Video, Judged, ScreenedFinishConfig]):
    """Stands for a recipe whose auditor has a screen."""

    name = "finish"

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return samples.FINISHED


def screened(folder: Path, faulty: float, clean: float) -> str:
    """The words of a report over 24 clips, whose screen gives faulty and clean audits these suspicions."""
    manifest = samples.manifest(folder / "source").model_dump()
    manifest["recipe"][1]["stage"] = f"{__name__}:ScreenedFinish"
    run = Run(folder / "run", Manifest.model_validate(manifest))
    run.freeze()
    videos = [samples.video(number) for number in range(3)]

    def seen(audit: Audit) -> Audit:
        return audit.model_copy(update={"suspicion": faulty if audit.errors or audit.missing else clean})

    clips = [[samples.judged(row, n) for n in range(8)] for row in videos]
    clips = [[row.model_copy(update={"audits": tuple(map(seen, row.audits))}) for row in group] for group in clips]
    samples.write(run, "00000", videos, clips, 1)
    tags = Tags()
    tags.feed(html(run))
    return " ".join(tags.text.split())


def test_a_screen_is_shown_with_its_sample_bound_and_savings_or_with_why_it_saves_nothing(tmp_path: Path) -> None:
    good = screened(tmp_path / "good", faulty=90, clean=10)
    assert "audits by both192 of them with faults36 believed below a suspicion of90" in good
    assert "of the faults still found, at least93.8 % of the strong auditor's calls saved, by the sample81 %" in good
    useless = screened(tmp_path / "useless", faulty=10, clean=10)
    assert "tells faults too badly" in useless and "nothing is saved" in useless and "believed below" not in useless


def test_findings_stand_by_point_and_what_nobody_heard_is_told(tmp_path: Path) -> None:
    entry = Prompts().attributes()["speech"]
    wrong = Error(snippet="hi", why="it is ho", point=entry.verify[1])
    empty: dict[str, Any] = {"errors": (), "missing": (), "expressiveness": ()}
    by = samples.MODEL
    audits = (Audit(attribute="speech", **(empty | {"errors": (wrong,)}), by=by, not_audited=entry.heard),
              Audit(attribute="scene", **(empty | {"errors": (Error(snippet="a", why="b"),)}), by=by))  # fmt: skip
    run = samples.make(tmp_path / "run", videos=1, clips=4, audits=audits)
    tags = Tags()
    tags.feed(html(run))
    page = " ".join(tags.text.split())
    assert "of 4 of 4 clips the auditor could not hear all that it would have to judge" in page
    assert f"speech{entry.verify[1]}400" in page and f"speech{entry.heard[0]}004" in page
    assert "scene(no point was named)400" in page


def test_an_unfinished_run_says_so(run: Run) -> None:
    run.storage.delete(run.uri("finish", "00001"))
    page = html(run)
    assert "This run is not whole" in page
    assert "finish: 1 shard pending" in page


def test_the_command_writes_one_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report.html"
    told = CliRunner().invoke(app, ["report", str(tmp_path / "run"), "--out", str(target)])
    assert told.exit_code == 0, told.output
    assert "<!doctype html>" in target.read_text("utf-8")


def test_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert shown(samples.LOOP).endswith(f"… ({len(samples.LOOP)} characters)")
    assert len(shown(samples.LOOP)) < 450
