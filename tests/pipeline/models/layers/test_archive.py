from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.layers.archive import Archive, holds_answers
from asid.pipeline.models.layers.replay import AnswerStore, Replaying, current_store
from asid.pipeline.models.spend import spent
from asid.pipeline.storage import Storage
from tests.kits.modelkit import Caption, Listed, bucket, replaying, request

GOOD = '{"caption": "a dog"}'
MODELS = {"strong": ModelConfig(provider="openai", model="tiny", prices={"input": 1.0, "output": 1.0})}


@pytest.fixture(params=["folder", "bucket"])
def root(request: Any, tmp_path: Path) -> Iterator[str]:
    if request.param == "folder":
        yield str(tmp_path / "run")
    else:
        with bucket() as address:
            yield address


def questions(
    root: str | Path, shard: str, *prompts: str, step: str = "audit", lenders: tuple[str, ...] = (), text: str = GOOD,
    **options: Any,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Ask in a shard of a step. Gives the prompts for which the model was called, and all answers."""
    model = Listed(text)

    async def scene() -> list[str]:
        storage = Storage(root)
        archive = Archive(storage, [Storage(lender).root for lender in lenders])
        store = AnswerStore(storage, f"run:{step}/answers", shard, archive=archive, **options)
        token = current_store.set(store)
        try:
            answers = [await ask(replaying(model), request(prompt, row=f"row-{shard}"), Caption) for prompt in prompts]
        finally:
            current_store.reset(token)
            await store.close()
        return [answer.value.caption for answer in answers]

    answers = asyncio.run(scene())
    return [asked.prompt for asked in model.asked], answers


def usd(root: str | Path, *steps: str) -> float:
    return sum(line.usd or 0.0 for line in spent(Storage(root), steps or ("audit",), MODELS))


def test_an_answer_is_found_in_whichever_shard_and_step_its_row_now_is(root: str) -> None:
    questions(root, "00000", "a", "b")
    paid = usd(root)
    assert questions(root, "00007", "b", "c", text='{"caption": "new"}') == (["c"], ["a dog", "new"])
    assert questions(root, "00000", "a", "c", step="renamed")[0] == []
    assert usd(root) == pytest.approx(paid * 3 / 2), "what was found is not spent"
    assert usd(root, "audit", "renamed") == usd(root)


def test_what_was_found_elsewhere_is_kept_here(tmp_path: Path) -> None:
    questions(tmp_path, "00000", "a")
    questions(tmp_path, "00001", "a")
    shutil.rmtree(tmp_path / "audit/answers/00000")
    assert questions(tmp_path, "00001", "a")[0] == []


def test_another_run_lends_its_answers_and_is_only_read(tmp_path: Path, root: str) -> None:
    questions(tmp_path / "lender", "00000", "a", "b")
    (tmp_path / "lender/manifest.yaml").write_text("a file beside the steps")
    before = {file: file.read_bytes() for file in (tmp_path / "lender").rglob("*") if file.is_file()}
    assert questions(root, "00003", "a", "c", lenders=(str(tmp_path / "lender"),))[0] == ["c"]
    assert {file: file.read_bytes() for file in (tmp_path / "lender").rglob("*") if file.is_file()} == before
    assert usd(root) == pytest.approx(usd(tmp_path / "lender") / 2), "what another run has paid is not this one's"
    assert questions(root, "00003", "a")[0] == [], "lent once, it is here for good"


@pytest.mark.parametrize("part", ["", "audit", "audit/answers", "audit/answers/00000"])
def test_a_copied_folder_of_answers_lends_too(tmp_path: Path, part: str) -> None:
    questions(tmp_path / "old", "00000", "a")
    copy = tmp_path / "copy" / part if part == "audit" else tmp_path / "copy"
    shutil.copytree(tmp_path / "old" / part, copy)
    assert holds_answers(str(tmp_path / "copy"))
    assert questions(tmp_path / "new", "00001", "a", lenders=(str(tmp_path / "copy"),))[0] == []


def test_the_runs_own_answer_comes_before_a_lent_one_and_the_later_before_the_earlier(tmp_path: Path) -> None:
    questions(tmp_path / "lender", "00000", "a", text='{"caption": "lent"}')
    questions(tmp_path / "run", "00000", "a", text='{"caption": "first"}')
    questions(tmp_path / "run", "00000", "a", text='{"caption": "second"}', fresh=lambda attribute: True)
    assert questions(tmp_path / "run", "00001", "a", lenders=(str(tmp_path / "lender"),)) == ([], ["second"])


def test_fresh_asks_anew_wherever_an_answer_lies(tmp_path: Path) -> None:
    questions(tmp_path, "00000", "a")
    assert questions(tmp_path, "00001", "a", fresh=lambda attribute: True)[0] == ["a"]


def test_replay_alone_finds_what_lies_elsewhere(tmp_path: Path) -> None:
    questions(tmp_path, "00000", "a")
    assert questions(tmp_path, "00001", "a", replay_only=True)[0] == []


def test_a_damaged_answer_elsewhere_is_told_and_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    questions(tmp_path, "00000", "a", "b")
    file = next((tmp_path / "audit/answers/00000").glob("*.jsonl"))
    file.write_bytes(file.read_bytes().replace(b"a dog", b"a dig", 1))
    assert questions(tmp_path, "00001", "a", "b") == (["a"], ["a dog", "a dog"])
    assert "damaged" in caplog.text


def test_a_key_that_begins_like_another_is_not_taken_for_it(tmp_path: Path) -> None:
    whole = Replaying(Listed(GOOD), "strong", MODELS["strong"]).whole(request("a", answer_schema={})).key()
    questions(tmp_path, "00000", "a")
    file = next((tmp_path / "audit/answers/00000").glob("*.jsonl"))
    key = file.read_bytes()[8:72].decode()
    assert key != whole
    archive = Archive(Storage(tmp_path))
    assert archive.find(key) is not None
    assert archive.find(key[:32] + whole[32:]) is None


def test_segments_that_are_joined_meanwhile_are_found_again() -> None:
    with bucket() as address:
        questions(address, "00000", "a")
        archive = Archive(Storage(address))
        storage = Storage(address)
        file = next(iter(storage.files("run:audit/answers")))
        key = storage.read(file)[8:72].decode()
        assert archive.find("0" * 64) is None
        storage.write("run:audit/answers/00000/whole-1.jsonl", storage.read(file))
        storage.delete(file)
        found = archive.find(key)
        assert found is not None and found.text == GOOD
        assert archive.damaged == 0


def test_many_places_need_little_room(tmp_path: Path) -> None:
    """24 bytes an answer: a million of them fit in every worker."""
    questions(tmp_path, "00000", *map(str, range(300)))
    archive = Archive(Storage(tmp_path))
    archive.find("0" * 64)
    assert len(archive) == 300
    assert archive._read is not None and archive._read[1].nbytes == 24 * 300
