"""Wrong starts: what a stranger types by mistake, in a small world made for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import heads, samples

MINIMAL = "version: 1\ninputs: [{path: one}]\nrecipe:\n- stage: ingest\n- stage: split\n"
DEMO = MINIMAL + "- stage: transcribe\n- stage: cut\n"
PAID = "- {stage: caption, name: gem, model: gem}\nmodels:\n  gem: {provider: openai, model: m, key: ASID_TEST_KEY}\n"
UNHEARD = "- {stage: caption, name: sight, model: s}\n- {stage: correct, annotator: sigth, model: s}\nmodels:\n  s: {provider: scripted, model: x}\n"  # noqa: E501


@dataclass(frozen=True)
class Start:
    """A command line, what it must say, and the environment it needs."""

    name: str
    words: tuple[str, ...]
    says: str  # a regular expression
    env: dict[str, str] = field(default_factory=dict)


def starts(hole: str) -> list[Start]:
    """`hole`: an address that takes connections and never answers."""
    shut = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}
    mute = {"AWS_ENDPOINT_URL": f"http://{hole}", "AWS_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    on_run = ("--run", "finished")
    return [
        Start("nothing at a path", ("run", "nowhere.mp4", "--run", "w"), "nothing at .*nowhere.mp4"),
        Start("one of two paths", ("run", "one", "nowhere", "--run", "w"), "nothing at .*nowhere"),
        Start("an empty folder", ("run", "empty", "--run", "w"), "no video in .*empty"),
        Start("a folder without videos", ("run", "texts", "--run", "w"), r"no video in .*passed over: .*\.md"),
        Start("a text file", ("run", "notes.xyz", "--run", "w"), "none of the files .*is a video"),
        Start("a broken video", ("run", "broken.mp4", "--run", "w"), "broken.mp4: .*moov"),
        Start("an empty video", ("run", "zero.mp4", "--run", "w"), "zero.mp4: the file is empty"),
        Start("a named pipe", ("run", "pipe.mp4", "--run", "w"), "a named pipe, not a file"),
        Start("a link to nothing", ("run", "dangling.mp4", "--run", "w"), "link to a file that is not there"),
        Start("no ffmpeg", ("run", "one", "--run", "w"), "ffmpeg is not installed", {"PATH": "bare"}),
        Start("no ffprobe", ("run", "one", "--run", "w"), "ffprobe is not installed", {"PATH": "half"}),
        Start("no manifest there", ("run", "nowhere.yaml", "--run", "w"), "no manifest 'nowhere.yaml'"),
        Start("a manifest that is not UTF-8", ("run", "latin.yaml", "--run", "w"), "latin.yaml:2: not UTF-8"),
        Start("a manifest that is a folder", ("run", "folder.yaml", "--run", "w"), "is a folder, not a manifest"),
        Start("an empty manifest", ("run", "empty.yaml", "--run", "w"), "a manifest is a mapping"),
        Start("a manifest that is not YAML", ("run", "torn.yaml", "--run", "w"), r"torn.yaml:\d+: not YAML"),
        Start("an unknown key", ("run", "key.yaml", "--run", "w"), "unknown key 'input'; did you mean 'inputs'"),
        Start("an unknown stage", ("run", "stage.yaml", "--run", "w"), "no stage 'splitt'; did you mean 'split'"),
        Start("an unknown annotator", ("run", "unheard.yaml", "--run", "w"), "annotator 'sigth'.*did you mean 'sight'"),
        Start("a manifest after inputs", ("run", "one", "mine.yaml", "--run", "w"), "a manifest comes first"),
        Start("no inputs", ("run", "asid.yaml", "--run", "w"), "`inputs` is empty"),
        Start("no key", ("run", "paid.yaml", "--run", "w"), "ASID_TEST_KEY"),
        Start("a setting without a value", ("run", "one", "--run", "w", "--set", "x"), "write it as path=value"),
        Start("a setting that is not there", ("run", "one", "--run", "w", "--set", "recipe.ctu.at=3"), "'ctu'"),
        Start("prompts that are not there", ("run", "one", "--run", "w", "--prompts", "nowhere"), "no folder nowhere"),
        Start("another manifest", ("run", "mine.yaml", *on_run), "made from something else(.|\n)*--yes"),
        Start("other inputs", ("run", "one", *on_run), "inputs added: .*one(.|\n)*--yes"),
        Start("other settings", ("run", *on_run, "--set", "recipe.finish.word=x"), "finish: 3 finished shards .*stale"),
        Start("an unknown attribute", ("stage", "finish", *on_run, "--attribute", "speach"), "did you mean 'speech'"),
        Start("an unknown step", ("stage", "finnish", *on_run), "no step 'finnish'.*did you mean 'finish'"),
        Start("failures of an unknown step", ("failures", *on_run, "--stage", "x"), "no step 'x'"),
        Start("no run there", ("status", "nowhere"), "nowhere is not a run folder"),
        Start("a run that is a file", ("run", "one", "--run", "notes.xyz"), "notes.xyz is a file"),
        Start("a run below a file", ("run", "one", "--run", "notes.xyz/run"), "notes.xyz is a file"),
        Start("two runs", ("status", "one", "--run", "two"), "two runs are named"),
        Start("a shut bucket", ("run", "one", "--run", "s3://b/r"), "s3://b/r .*(reached|answered)", shut | keys),
        Start("a mute bucket", ("run", "one", "--run", "s3://b/r"), "s3://b/r .*(reached|answered)", mute | keys),
        Start("inputs there", ("run", "s3://b/in", "--run", "w"), "s3://b .*(reached|answered)", shut | keys),
        Start("an export below a file", ("export", "--to", "trl", "--out", "notes.xyz/x", *on_run), "is a file"),
        Start("an unknown format", ("export", "--to", "trll", "--out", "w", *on_run), "no format 'trll'.*'trl'"),
        Start("a report that is a folder", ("report", *on_run, "--out", "one"), "one is a folder"),
        Start("a report below a file", ("report", *on_run, "--out", "notes.xyz/r.html"), "is a file"),
        Start("a publication below a file", ("publish", *on_run, "--repo", "a/b", "--out", "notes.xyz/p"), "is a file"),
        Start("an unknown kind of truth", ("eval", "shotz", *on_run, "--truth", "one"), "did you mean 'shots'"),
        Start("a shipped manifest that is not", ("manifest", "new", "w.yaml", "--like", "dema.yaml"), "'demo.yaml'"),
        Start("a manifest without its inputs", ("manifest", "check", "gone.yaml"), "nothing at .*nowhere"),
    ]  # fmt: skip


@contextmanager
def world(folder: Path) -> Iterator[list[Start]]:
    """Make the files that the starts speak of, and a server that never answers."""
    for name in ("one", "empty", "texts", "bare", "half", "folder.yaml"):
        (folder / name).mkdir(parents=True)
    size = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=2"]
    subprocess.run(["ffmpeg", "-v", "error", *size, str(folder / "one" / "a.mp4")], check=True)
    (folder / "texts" / "read.md").write_text("nothing")
    (folder / "notes.xyz").write_text("no video\n")
    (folder / "broken.mp4").write_bytes(b"\x00" * 2000)
    (folder / "zero.mp4").touch()
    os.mkfifo(folder / "pipe.mp4")
    (folder / "dangling.mp4").symlink_to("nowhere")
    (folder / "half" / "ffmpeg").symlink_to(str(shutil.which("ffmpeg")))
    (folder / "latin.yaml").write_bytes("version: 1\ntitle: Größe\n".encode("latin-1"))
    manifests = {
        "mine": MINIMAL,
        "empty": "",
        "torn": "inputs: [a\nrecipe: {",
        "key": MINIMAL.replace("inputs", "input"),
        "stage": MINIMAL.replace("split", "splitt"),
        "unheard": DEMO + UNHEARD,
        "paid": DEMO + PAID,
        "gone": MINIMAL.replace("one", "nowhere"),
    }
    for name, text in manifests.items():
        (folder / f"{name}.yaml").write_text(text)
    samples.make(folder / "finished")
    with socket.create_server(("127.0.0.1", 0)) as hole:
        yield starts("{}:{}".format(*hole.getsockname()))


def attempt(start: Start, folder: Path, ray: str = "ray") -> subprocess.CompletedProcess[str]:
    """Type it, in the folder of the world."""
    env = heads.environment(RAY_TMPDIR=ray, TERM="dumb") | start.env
    if "PATH" in start.env:
        env["PATH"] = str(folder / start.env["PATH"])
    command = [sys.executable, "-m", "asid", *start.words]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for pipes."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
