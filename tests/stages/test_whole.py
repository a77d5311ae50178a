"""A video as one clip, untouched: it is the file itself, and nothing is claimed of it."""

from __future__ import annotations

import pytest

from asid.pipeline.testing import process
from asid.stages.whole import Whole
from tests.samples import video


def test_the_clip_is_the_file_from_beginning_to_end() -> None:
    source = video(0, duration=12.3456)
    (row,) = process(Whole, source)
    assert (row.uri, row.sha256, row.source_uri, row.offset) == (source.uri, source.sha256, "", 0.0)
    assert (row.source_start, row.source_end, row.duration) == (0.0, 12.3456, 12.3456)
    assert (row.video, row.name, row.licence, row.tags) == (source.id, source.name, source.licence, source.tags)


@pytest.mark.parametrize(("duration", "end"), [(0.0, "00000000"), (12.3456, "00012346"), (100000.0, "100000000")])
def test_its_id_says_which_span_of_which_video(duration: float, end: str) -> None:
    source = video(1, duration=duration)
    (row,) = process(Whole, source)
    assert row.id == f"{source.id}-00000000-{end}"


@pytest.mark.parametrize(("streams", "sound"), [(0, False), (1, True), (3, True)])
def test_sound_is_there_where_a_stream_is(streams: int, sound: bool) -> None:
    (row,) = process(Whole, video(0, audio_streams=streams))
    assert row.sound is sound


def test_nothing_was_seen_or_heard_and_the_row_says_so() -> None:
    (row,) = process(Whole, video(0))
    assert row.hearing == "not listened to" and row.language == ""
    assert not any(
        (row.shots, row.signal, row.frames, row.utterances, row.turns, row.voices, row.sounds, row.subtitles)
    )
