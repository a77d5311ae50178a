"""Copies are found, the first that was taken up stays, and what differs in picture, length or speech stays."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from asid.pipeline.rows import Clip, Frame
from asid.pipeline.run import shards
from asid.pipeline.storage import Storage
from asid.stages.near_duplicates import NearDuplicates, NearDuplicatesConfig, agreement, sketch
from tests.kits.asking_kit import clip, utterance

TALK = "we should have left an hour before the rain came down on the road to the harbour"
OTHER = "nobody in the village remembers who built the old mill beside the frozen lake"
NOBODY: Any = None  # a corpus pass asks no model


def flip(value: int, bits: int, chance: random.Random) -> int:
    for bit in chance.sample(range(64), bits):
        value ^= 1 << bit
    return value


def row(id: str, hashes: list[int], duration: float = 10.0, said: str = "", shift: float = 0.0) -> dict[str, Any]:
    step = duration / len(hashes)
    return {
        "id": id,
        "duration": duration,
        "frames": [{"time": at * step + shift, "phash": f"{value:016x}"} for at, value in enumerate(hashes)],
        "utterances": [{"text": said}] if said else [],
    }


def decided(rows: list[dict[str, Any]], **settings: Any) -> dict[str, str]:
    found = NearDuplicates(NearDuplicatesConfig(**settings), NOBODY).decide(rows)
    return {decision.id: decision.value for decision in found}


def hashes(seed: int, count: int = 6) -> list[int]:
    chance = random.Random(seed)
    return [chance.getrandbits(64) for _ in range(count)]


def test_a_copy_is_found_and_the_one_taken_up_first_stays() -> None:
    chance = random.Random(1)
    copy = [flip(value, 3, chance) for value in hashes(1)]
    rows = [row("b", hashes(1), 10.0, TALK), row("c", hashes(2)), row("a", copy, 10.3, TALK, 0.2)]
    assert decided(rows) == {"a": "duplicate_of:b"}, "though its id is smaller"


def test_other_pictures_other_speech_and_other_lengths_are_no_copies() -> None:
    original = row("a", hashes(1), 10.0, TALK)
    assert decided([original, row("b", hashes(2), 10.0, TALK)]) == {}
    assert decided([original, row("b", hashes(1), 10.0, OTHER)]) == {}
    assert decided([original, row("b", hashes(1), 10.0)]) == {}
    assert decided([original, row("b", hashes(1), 12.0, TALK)]) == {}
    far = [flip(value, 12, random.Random(3)) for value in hashes(1)]
    assert decided([original, row("b", far, 10.0, TALK)]) == {}


def test_the_settings_say_what_is_near() -> None:
    near = [flip(value, 3, random.Random(3)) for value in hashes(1)]
    rows = [row("a", hashes(1)), row("b", near)]
    assert decided(rows) == {"b": "duplicate_of:a"}
    assert decided(rows, max_distance=2) == {}


def test_nothing_is_dropped_for_likeness_to_a_dropped_clip() -> None:
    chance = random.Random(5)
    first = hashes(1, 8)
    second = [flip(value, 5, chance) for value in first]
    third = [flip(value, 5, chance) for value in second]
    values = decided([row("a", first), row("b", second), row("c", third)])
    assert values == {"b": "duplicate_of:a"}  # c is 10 bits from a, and 5 from b, which goes


def test_a_clip_that_comes_later_changes_no_verdict_on_an_earlier_one() -> None:
    chance = random.Random(7)
    rows = []
    for number in range(240):
        near = [flip(value, 2, chance) for value in hashes(number % 80)]
        rows.append(row(f"{number * 7919 % 1000:03d}", near, 10.0, TALK, chance.random() / 4))
    whole = decided(rows)
    assert len(whole) == 160
    for count in (1, 80, 81, 100, 200):
        ids = {row["id"] for row in rows[:count]}
        assert decided(rows[:count]) == {id: value for id, value in whole.items() if id in ids}


def test_black_clips_without_a_word_are_one_and_do_not_hide_copies() -> None:
    black = [row(f"k{number:04d}", [0] * 6) for number in range(300)]
    mixed = [row(f"m{number:04d}", [0, 0, 0, 0, *hashes(number, 2)]) for number in range(300)]
    copies = []
    for number in range(0, 300, 10):
        near = [flip(value, 3, random.Random(number)) for value in hashes(number, 2)]
        copies.append(row(f"n{number:04d}", [0, 0, 0, 0, *near]))
    found = decided(black + mixed + copies)
    assert {id for id in found if id.startswith("k")} == {f"k{number:04d}" for number in range(1, 300)}
    assert {id for id in found if id.startswith("m")} == set()
    assert {id: value for id, value in found.items() if id.startswith("n")} == {
        f"n{number:04d}": f"duplicate_of:m{number:04d}" for number in range(0, 300, 10)
    }


def test_clips_without_stills_or_rows_are_left_alone() -> None:
    assert decided([]) == {}
    assert decided([row("a", [1]) | {"frames": []}, row("b", [1]) | {"frames": []}]) == {}


def test_it_reads_what_a_shard_of_clips_gives(tmp_path: Path) -> None:
    frames = tuple(Frame(time=float(at), uri="run:x", phash=f"{value:016x}") for at, value in enumerate(hashes(1)))
    said = (utterance(0.0, 5.0, "S1", TALK),)
    rows = [clip(tmp_path, id=id, frames=frames, utterances=said) for id in ("one", "two")]
    storage = Storage(tmp_path)
    footer = shards.Footer(fingerprint="f", digest="d", outcomes=[(row.id, 1) for row in rows], rows=2)
    shards.write(storage, "run:format/0.parquet", Clip, rows, footer)
    read = list(shards.read_columns(storage, "run:format/0.parquet", NearDuplicates.columns))
    assert set(read[0]["utterances"][0]) == {"text"}
    assert decided(read) == {"two": "duplicate_of:one"}


def test_agreement_estimates_the_share_of_common_runs() -> None:
    assert agreement(sketch("abcdefgh"), sketch("abcdefgh")) == 1.0
    assert agreement(sketch("abcdefgh"), sketch("zyxwvuts")) == 0.0
    assert agreement(sketch(""), sketch("")) == 1.0
    assert agreement(sketch("yes"), sketch("")) == 0.0
    half = agreement(sketch(TALK), sketch(TALK[: len(TALK) // 2]))
    assert 0.2 < half < 0.8
