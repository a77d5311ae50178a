"""What ingest wrote, found damaged or gone, and made again from what lies after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.repair import UNPROVED, KnownShard, lost, restore
from asid.pipeline.run.shards import Footer
from asid.pipeline.storage import to_path
from tests import samples
from tests.toys import ToySeen


def made(folder: Path, videos: int = 4, per_shard: int = 2, word: str = "toy") -> Run:
    """A run whose second step's rows have all that a video has."""
    (folder.parent / "source").mkdir(exist_ok=True)
    recipe = [{"stage": "tests.toys:ToyIngest"}, {"stage": "tests.toys:ToySee", "word": word}]
    run = Run(folder, Manifest.model_validate({"inputs": [str(folder.parent / "source")], "recipe": recipe}))
    run.freeze()
    rows = [samples.video(number) for number in range(videos)]
    groups = [rows[at : at + per_shard] for at in range(0, videos, per_shard)]
    for number, group in enumerate(groups):
        name = f"{number:05d}"
        first = Footer(
            fingerprint=run.fingerprints["ingest"],
            digest=shards.digest(group),
            rows=len(group),
            total=len(groups),
            outcomes=[(row.id, 1) for row in group],
        )
        shards.write(run.storage, run.uri("ingest", name), Video, group, first)
        seen = [ToySeen(**dict(row), text="seen") for row in group]
        footer = Footer(
            fingerprint=run.fingerprints["see"],
            digest=shards.digest(seen),
            inputs={"ingest": first.digest},
            outcomes=[(row.id, 1) for row in seen],
            rows=len(seen),
        )
        shards.write(run.storage, run.uri("see", name), ToySeen, seen, footer)
    return run


def spoil(run: Run, shard: str) -> None:
    path = to_path(run.storage.resolve(run.uri("ingest", shard)))
    path.write_bytes(b"PAR1" + b"\0" * 100)


def test_a_sound_run_has_lost_nothing(tmp_path: Path) -> None:
    assert lost(made(tmp_path / "run")) == {}


def test_what_is_damaged_and_what_is_gone_is_told_with_its_reason(tmp_path: Path) -> None:
    run = made(tmp_path / "run", videos=6)
    spoil(run, "00000")
    run.storage.delete(run.uri("ingest", "00001"))
    found = lost(run)
    assert sorted(found) == ["00000", "00001"]
    assert found["00001"].endswith("is gone")


def test_a_batch_that_no_later_step_has_begun_is_no_loss(tmp_path: Path) -> None:
    run = made(tmp_path / "run", videos=6)
    for shard in ("00000", "00001", "00002"):
        run.storage.delete(run.uri("see", shard))
    run.storage.delete(run.uri("ingest", "00002"))
    assert lost(run) == {}


@pytest.mark.parametrize("gone", [False, True])
def test_rows_proved_by_their_digest_are_as_they_were_and_nothing_is_stale(tmp_path: Path, gone: bool) -> None:
    run = made(tmp_path / "run")
    before = run.rows("ingest", "00001")
    if gone:
        run.storage.delete(run.uri("ingest", "00001"))
    else:
        spoil(run, "00001")
    said: list[str] = []
    restore(run, lost(run), said.append)
    assert run.rows("ingest", "00001") == before
    assert run.survey().state("see", "00001") == "done" and lost(run) == {}
    assert len(said) == 1 and said[0].endswith("made again, as it was")


def test_what_other_settings_made_is_kept_but_never_proved(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    spoil(run, "00000")
    changed = Run(
        run.storage.root,
        run.manifest.model_copy(
            update={"recipe": (run.manifest.recipe[0], {**run.manifest.recipe[1], "word": "other"})}
        ),
    )
    said: list[str] = []
    restore(changed, lost(changed), said.append)
    footer = shards.footer(run.storage, run.uri("ingest", "00000"))
    assert footer is not None and footer.fingerprint == UNPROVED
    assert [row.id for row in run.rows("ingest", "00000")] == [samples.video(number).id for number in (0, 1)]
    assert said[-1].endswith("its files are looked at anew")


def test_rows_are_proved_by_their_order_settings_and_digest() -> None:
    one, two = samples.video(0), samples.video(1)
    known = KnownShard([one.id, two.id], shards.digest([one, two]), True, {two.id: two, one.id: one})
    assert known.rows() == [one, two] and known.proved()
    known.fits = False
    assert not known.proved()
    known = KnownShard([two.id, one.id], shards.digest([one, two]), True, {two.id: two, one.id: one})
    assert not known.proved()
    assert not KnownShard([], shards.digest([]), True).proved()
    lacking = KnownShard([one.id, two.id], shards.digest([one, two]), True, {one.id: one})
    assert lacking.rows() == [one] and not lacking.proved()
