from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from asid.pipeline.asking.exchange import ask
from asid.pipeline.models.base import Media, MissingAnswer
from asid.pipeline.models.layers.replay import AnswerStore, Entry
from asid.pipeline.storage import Storage
from tests.kits.modelkit import ANSWERS, Caption, Listed, bucket, replaying, request, stored

GOOD = '{"caption": "a dog"}'


def asks(model: Listed, *prompts: str, **more: object):  # type: ignore[no-untyped-def]
    async def work() -> None:
        await asyncio.gather(*(ask(replaying(model), request(prompt, **more), Caption) for prompt in prompts))

    return work


def segments(root: Path) -> list[Path]:
    return sorted((root / "audit/answers/0000").glob("*.jsonl"))


def test_an_answer_is_paid_for_once(tmp_path: Path) -> None:
    first, second = Listed(GOOD), Listed(GOOD)
    stored(tmp_path, asks(first, "a", "b"))
    stored(tmp_path, asks(second, "a", "b", "c"))
    assert [asked.prompt for asked in second.asked] == ["c"]


def test_everything_that_decides_an_answer_is_in_its_key(tmp_path: Path) -> None:
    medium = Media(kind="video", uri="file:///a.mp4", sha256="1")
    base = {"task": "audit", "media": (medium,), "settings": {"temperature": 0}}
    stored(tmp_path, asks(Listed(GOOD), "a", **base))
    changes = [
        {"task": "refine"}, {"media": ()}, {"settings": {"temperature": 1}}, {"answer_schema": {"type": "object"}},
        {"media": (medium.model_copy(update={"sha256": "2"}),)}, {"media": (medium.model_copy(update={"end": 3.0}),)},
    ]  # fmt: skip
    for change in changes:
        model = Listed(GOOD)
        stored(tmp_path, asks(model, "a", **{**base, **change}))
        assert len(model.asked) == 1, change
    elsewhere = {"media": (medium.model_copy(update={"uri": "s3://b/a.mp4"}),), "row": "r2", "attribute": "scene"}
    model = Listed(GOOD)
    stored(tmp_path, asks(model, "a", **{**base, **elsewhere}))
    assert model.asked == []


def test_another_model_or_other_settings_of_it_ask_anew_and_another_address_does_not(tmp_path: Path) -> None:
    def times(**config: object) -> int:
        model = Listed(GOOD)
        stored(tmp_path, lambda: ask(replaying(model, **config), request(), Caption))
        return len(model.asked)

    assert times() == 1
    assert times(base_url="http://127.0.0.1:1/v1", key="OTHER_KEY", prices={"input": 1, "output": 1}) == 0
    assert times(model="larger") == 1
    assert times(settings={"temperature": 0.5}) == 1


def test_answers_are_durable_before_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), real(descriptor))[1])

    async def work() -> int:
        await ask(replaying(Listed(GOOD)), request(), Caption)
        return len(synced)

    assert stored(tmp_path, work) >= 1
    assert len(segments(tmp_path)) == 1


def test_many_answers_share_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), real(descriptor))[1])
    stored(tmp_path, asks(Listed(GOOD), *map(str, range(300))))
    assert len(synced) < 30
    model = Listed(GOOD)
    stored(tmp_path, asks(model, *map(str, range(300))))
    assert model.asked == []


def test_a_torn_last_line_costs_that_answer_only(tmp_path: Path) -> None:
    stored(tmp_path, asks(Listed(GOOD), "a"))
    stored(tmp_path, asks(Listed(GOOD), "b"))
    last = segments(tmp_path)[-1]
    last.write_bytes(last.read_bytes()[:-20])
    model = Listed(GOOD)
    stored(tmp_path, asks(model, "a", "b"))
    assert [asked.prompt for asked in model.asked] == ["b"]


@pytest.mark.parametrize("old", [b'"text":"', b'"calls":', b'{"key":"'])
def test_a_damaged_answer_is_passed_over_told_and_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, old: bytes
) -> None:
    stored(tmp_path, asks(Listed(GOOD), "a", "b"))
    file = segments(tmp_path)[0]
    data = bytearray(file.read_bytes())
    data[data.index(old) + len(old)] ^= 1  # still a text, a number or a key
    file.write_bytes(b"{broken\n" + data)
    model = Listed(GOOD, GOOD)
    stored(tmp_path, asks(model, "a", "b"))
    assert [asked.prompt for asked in model.asked] == ["a"], "the other answer stands"
    assert "2 stored answers are damaged" in caplog.text


def test_answers_of_earlier_versions_have_no_checksum_and_are_read(tmp_path: Path) -> None:
    stored(tmp_path, asks(Listed(GOOD), "a"))
    file = segments(tmp_path)[0]
    file.write_bytes(re.sub(rb',"crc":"[0-9a-f]{8}"\}', b"}", file.read_bytes()))
    model = Listed(GOOD)
    stored(tmp_path, asks(model, "a"))
    assert model.asked == []


def test_fresh_asks_that_attribute_anew_and_once(tmp_path: Path) -> None:
    stored(tmp_path, asks(Listed(GOOD), "a", attribute="speech"))
    stored(tmp_path, asks(Listed(GOOD), "b", attribute="scene"))
    speech, scene = Listed('{"caption": "new"}'), Listed(GOOD)

    async def work() -> None:
        for _ in range(2):
            await ask(replaying(speech), request("a", attribute="speech"), Caption)
            await ask(replaying(scene), request("b", attribute="scene"), Caption)

    stored(tmp_path, work, fresh=lambda attribute: attribute == "speech")
    assert (len(speech.asked), len(scene.asked)) == (1, 0)
    later = stored(tmp_path, lambda: ask(replaying(Listed(GOOD)), request("a"), Caption))
    assert later.value.caption == "new"


def test_replay_only_never_calls(tmp_path: Path) -> None:
    stored(tmp_path, asks(Listed(GOOD), "a"))
    model = Listed(GOOD)
    stored(tmp_path, asks(model, "a"), replay_only=True)
    with pytest.raises(MissingAnswer, match="strong"):
        stored(tmp_path, lambda: ask(replaying(model), request("b"), Caption), replay_only=True)
    assert model.asked == []


def test_without_a_store_a_model_of_a_run_refuses_to_spend() -> None:
    model = Listed(GOOD)
    with pytest.raises(RuntimeError, match="answer store"):
        asyncio.run(ask(replaying(model), request(), Caption))
    assert model.asked == []


def test_shards_do_not_see_each_others_answers(tmp_path: Path) -> None:
    stored(tmp_path, asks(Listed(GOOD), "a"), shard="0000")
    model = Listed(GOOD)
    stored(tmp_path, asks(model, "a"), shard="0001")
    assert len(model.asked) == 1


def test_a_failed_write_fails_the_answer(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="audit"):
        stored(tmp_path, asks_one(GOOD))


def asks_one(text: str):  # type: ignore[no-untyped-def]
    return lambda: ask(replaying(Listed(text)), request("a"), Caption)


def test_in_a_bucket_groups_become_objects_and_closing_joins_them() -> None:
    with bucket() as run:
        storage = Storage(run)

        def segments_there() -> list[str]:
            return [name for name in storage.list(f"{ANSWERS}/0000") if name.endswith(".jsonl")]

        async def work() -> int:
            for batch in range(3):
                await asks(Listed(GOOD), *(f"{batch}-{number}" for number in range(20)))()
            return len(segments_there())

        assert 3 <= stored(run, work) < 12
        assert len(segments_there()) == 1
        model = Listed(GOOD)
        stored(run, asks(model, *(f"{batch}-{number}" for batch in range(3) for number in range(20)), "new"))
        assert [asked.prompt for asked in model.asked] == ["new"]


def test_a_store_that_was_not_closed_loses_nothing() -> None:
    async def half(run: str) -> None:
        store = AnswerStore(Storage(run), ANSWERS, "0000")
        entry = Entry(
            key="k", text="t", name="n", model="m", provider="p", task="t", attribute="", row="", calls=1, seconds=0.0,
            at=1.0, usage={},
        )  # fmt: skip
        await store.put(entry)  # and now the worker is killed

    with bucket() as run:
        asyncio.run(half(run))
        store = AnswerStore(Storage(run), ANSWERS, "0000")
        asyncio.run(store._loaded())
        assert set(store.entries) == {"k"}
