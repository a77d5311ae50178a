"""From probed videos to shards: the same bytes once, about an hour in each. Pure, whatever the number of workers."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from asid.pipeline.rows import Video


def fold_duplicates(videos: Sequence[Video]) -> list[Video]:
    """One video for each content, the first in listing order; the addresses of the others go into its `duplicates`."""
    first: dict[str, Video] = {}
    others: dict[str, list[str]] = {}
    for video in videos:
        if video.sha256 in first:
            others.setdefault(video.sha256, []).extend([video.uri, *video.duplicates])
        else:
            first[video.sha256] = video
    return [
        video.model_copy(update={"duplicates": (*video.duplicates, *others[sha256])}) if sha256 in others else video
        for sha256, video in first.items()
    ]


def pack(videos: Sequence[Video], minutes: float, rows: int) -> list[list[Video]]:
    """Shards of about `minutes` of video and at most `rows` videos, even in length: none is longer than the mean by
    more than its longest video. Videos keep their order within a shard; a shard stands where its first video does."""
    if not videos:
        return []
    total = sum(video.duration for video in videos)
    count = min(len(videos), max(math.ceil(total / (minutes * 60)), math.ceil(len(videos) / rows)))
    lightest = [(0.0, 0, number) for number in range(count)]
    chosen: list[list[int]] = [[] for _ in range(count)]
    for index in sorted(range(len(videos)), key=lambda index: -videos[index].duration):  # longest first; stable
        seconds, held, number = heapq.heappop(lightest)
        chosen[number].append(index)
        if held + 1 < rows:
            heapq.heappush(lightest, (seconds + videos[index].duration, held + 1, number))
    return [[videos[index] for index in sorted(shard)] for shard in sorted(chosen, key=min)]
