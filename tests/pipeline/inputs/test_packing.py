"""Shards of probed videos: the same bytes once, even lengths, each video in one shard. Worked out by hand."""

from __future__ import annotations

import pytest

from asid.pipeline.inputs.packing import fold_duplicates, pack
from asid.pipeline.rows import Video
from tests.samples import video


def videos(*minutes: float) -> list[Video]:
    return [video(number, duration=60.0 * length) for number, length in enumerate(minutes)]


def lengths(shards: list[list[Video]]) -> list[list[float]]:
    return [[one.duration / 60 for one in shard] for shard in shards]


def test_copies_are_remembered_with_the_first_of_them() -> None:
    one, other, copy, third = (
        video(number, sha256=sha, uri=f"file:///{number}.mp4", duplicates=more)
        for number, (sha, more) in enumerate(
            [("a", ("file:///old.mp4",)), ("b", ()), ("a", ("file:///far.mp4",)), ("a", ())]
        )
    )
    found = fold_duplicates([one, other, copy, third])
    assert [row.id for row in found] == [one.id, other.id]
    assert found[0].duplicates == ("file:///old.mp4", "file:///2.mp4", "file:///far.mp4", "file:///3.mp4")
    assert found[1] == other


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [
        ((), []),
        ((200,), [[200]]),  # one video is never divided
        ((20, 20, 20), [[20, 20, 20]]),
        ((60, 60), [[60], [60]]),
        ((10, 50, 40, 20), [[10, 50], [40, 20]]),  # 50 with 10, 40 with 20
        ((0, 0, 0), [[0, 0, 0]]),
    ],
)
def test_shards_of_an_hour(minutes: tuple[float, ...], wanted: list[list[float]]) -> None:
    assert lengths(pack(videos(*minutes), 60, 100)) == wanted


def test_no_shard_has_more_rows_than_allowed_however_short_they_are() -> None:
    shards = pack(videos(*[0.01] * 7), 60, 3)
    assert sorted(len(shard) for shard in shards) in ([1, 3, 3], [2, 2, 3])
    assert sorted(row.id for shard in shards for row in shard) == [row.id for row in videos(*[0.01] * 7)]


def test_short_videos_go_to_a_long_shard_once_the_others_are_full() -> None:
    assert lengths(pack(videos(100, 1, 1, 1, 1, 1), 60, 3)) == [[100, 1, 1], [1, 1, 1]]


def test_the_order_of_videos_stays_within_a_shard_and_among_shards() -> None:
    shards = pack(videos(5, 55, 30, 30, 45, 15), 60, 100)
    for shard in shards:
        assert [row.id for row in shard] == sorted(row.id for row in shard)
    assert [shard[0].id for shard in shards] == sorted(shard[0].id for shard in shards)
