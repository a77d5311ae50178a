"""What is said while a shard is worked lies beside it, and beside no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from asid.pipeline.run import logs
from asid.pipeline.storage import Storage

logger = logging.getLogger("asid")


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    before = list(logger.handlers)
    logs.listen()
    yield
    logger.handlers[:] = before


def said(folder: Path, step: str, shard: str) -> list[str]:
    return (folder / step / "logs" / f"{shard}.log").read_text("utf-8").splitlines()


def test_shards_worked_at_once_keep_their_lines_apart(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    async def work(shard: str) -> None:
        with logs.kept(storage, "cut", shard):
            for number in range(3):
                logger.warning("%s says %d", shard, number)
                await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(work("00000"), work("00001"))

    asyncio.run(both())
    for shard in ("00000", "00001"):
        assert [line.split(" says ")[0].split()[-1] for line in said(tmp_path, "cut", shard)] == [shard] * 3
    assert logs.count(storage, "cut") == 2


def test_silence_leaves_no_log_and_nothing_is_heard_outside(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with logs.kept(storage, "cut", "00000"):
        logger.debug("below the level")
    logger.warning("outside")
    assert logs.count(storage, "cut") == 0


def test_a_shard_worked_again_has_a_new_log_and_one_that_fails_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger, "propagate", False)  # what cannot be UTF-8 would break the report of the test itself
    storage = Storage(tmp_path)
    with logs.kept(storage, "cut", "00000"):
        logger.warning("first")
    with pytest.raises(ZeroDivisionError), logs.kept(storage, "cut", "00000"):  # noqa: PT012
        logger.warning("second \udcff")
        raise ZeroDivisionError
    (line,) = said(tmp_path, "cut", "00000")
    assert line.endswith("WARNING second \\udcff")


def test_of_an_endless_log_the_end_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST", 3)
    with logs.kept(Storage(tmp_path), "cut", "00000"):
        for number in range(10):
            logger.warning("line %d", number)
    assert [line[-1] for line in said(tmp_path, "cut", "00000")] == ["7", "8", "9"]
