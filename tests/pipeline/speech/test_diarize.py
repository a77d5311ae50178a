"""Windows, stretches and voices into turns. The networks are in the tests of the stage."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from asid.pipeline.speech.diarize import (
    ENOUGH,
    FRAMES,
    HOP,
    STRETCH,
    Local,
    Stretch,
    Window,
    groups,
    locals_of,
    named,
    pieces,
    runs,
    shares,
    split,
    starts,
    twins,
    vote,
)
from tests.kits.speechkit import turn

A, B = np.eye(2)


def mask(*spans: tuple[float, float]) -> np.ndarray:
    times = np.arange(FRAMES) * HOP
    return np.any([(times >= start) & (times < end) for start, end in spans], axis=0)


def window(start: float, *voices: np.ndarray) -> Window:
    silent = [np.zeros(FRAMES, bool)] * (3 - len(voices))
    return Window(round(start / HOP), np.stack([*voices, *silent]))


def stretch(start: float, end: float, embedding: np.ndarray) -> Stretch:
    return Stretch(round(start / HOP), round(end / HOP), embedding)


def rounded(windows: list[Window], stretches: list[Stretch]) -> list[tuple[str, int, int]]:
    found, _ = named(vote(windows, stretches, np.eye(2)), np.eye(2))
    return [(one.speaker, round(one.start), round(one.end)) for one in found]


def test_windows_reach_to_the_end() -> None:
    assert starts(16000) == [0]
    assert starts(160000) == [0]
    assert starts(16000 * 13) == [0, 32000, 48000]
    assert all(at + 160000 <= 16000 * 61 for at in starts(16000 * 61))


@pytest.mark.parametrize("seconds", [4, 10, 11, 13, 60.3])
def test_windows_share_the_recording_without_gap_or_overlap(seconds: float) -> None:
    shared = list(shares(starts(round(16000 * seconds))))
    ends = [(round(at / 16000 / HOP) + own.start, round(at / 16000 / HOP) + own.stop) for at, own in shared]
    assert ends[0][0] == 0
    assert ends[-1][1] == round(shared[-1][0] / 16000 / HOP) + FRAMES
    assert all(abs(one[1] - other[0]) <= 1 for one, other in pairwise(ends))


def test_what_one_voice_says_alone_is_cut_evenly_and_clicks_are_left_out() -> None:
    found = list(pieces(mask((1, 5), (7, 7.05)), slice(0, round(8 / HOP))))
    assert [round(a * HOP, 1) for a, _ in found] == pytest.approx([1.0, 2.3, 3.7], abs=0.11)
    assert all((b - a) * HOP <= STRETCH + HOP for a, b in found)
    assert [round(a * HOP) for a, _ in pieces(mask((1, 9)), slice(round(4 / HOP), round(5 / HOP)))] == [4]


def test_two_people_in_one_voice_are_told_apart() -> None:
    assert split(np.stack([A, A, B, B]), np.full(4, ENOUGH)).tolist() == [0, 0, 1, 1]
    found = locals_of(
        [window(0, mask((1, 3), (5, 7)), mask((8, 9)))], [stretch(1, 3, A), stretch(5, 7, B), stretch(8, 9, B)]
    )
    assert [(one.embedding.tolist(), round(one.solo), one.whole) for one in found] == [
        ([1, 0], 2, False),
        ([0, 1], 2, False),
        ([0, 1], 1, True),
    ]


def test_a_short_stretch_that_sounds_strange_is_nobody_new() -> None:
    assert split(np.stack([A, A, B]), np.array([2.0, 2.0, ENOUGH / 2])).tolist() == [0, 0, 0]
    assert split(B[None], np.array([0.2])).tolist() == [0], "but it is somebody when it is all there is"


def test_windows_vote_and_overlap_survives() -> None:
    windows = [window(0, mask((1, 6)), mask((5, 9))), window(3, mask((2, 6)), mask((0, 3)))]
    stretches = [stretch(1, 5, A), stretch(6, 9, B)]
    assert rounded(windows, stretches) == [("S1", 1, 6), ("S2", 5, 9)]


def test_people_who_take_turns_in_one_voice_get_their_own_turns() -> None:
    windows = [window(0, mask((1, 3), (4, 7)))]
    assert rounded(windows, [stretch(1, 3, A), stretch(4, 7, B)]) == [("S1", 1, 3), ("S2", 4, 7)]


def test_a_stretch_shorter_than_a_breath_does_not_break_a_voice() -> None:
    windows = [window(0, mask((1, 7)))]
    stretches = [stretch(1, 3.9, A), stretch(3.9, 4.2, B), stretch(4.2, 7, A)]
    assert rounded(windows, stretches) == [("S1", 1, 7)]


def test_a_voice_heard_only_together_with_another_founds_no_speaker_when_others_do() -> None:
    faint = Local(1, np.array([0.6, 0.8]), 0.1, True)
    assert len(groups([Local(0, A, 5.0, True), faint])) == 1
    assert len(groups([faint])) == 1, "but when it is all there is, it does"


def test_somebody_who_says_little_is_somebody() -> None:
    assert len(groups([Local(0, A, 5.0, True), Local(0, B, 0.8, True)])) == 2


def test_voices_of_one_window_are_different_people_unless_they_were_split() -> None:
    assert len(groups([Local(0, A, 5.0, True), Local(0, A, 2.0, True)])) == 2
    assert len(groups([Local(0, A, 5.0, True), Local(0, A, 2.0, False), Local(0, B, 2.0, False)])) == 2


def test_a_frame_stands_for_the_middle_of_what_it_sees() -> None:
    assert [(round(a, 2), round(b, 2)) for a, b in runs(np.array([1, 1, 0, 1, 0, 1], bool))] == [
        (0.02, 0.06),
        (0.07, 0.09),
        (0.11, 0.12),
    ]


def test_speakers_are_named_in_the_order_in_which_they_begin() -> None:
    turns, voices = named([[], [(2.0, 3.0)], [(1.0, 4.0)]], np.eye(3))
    assert turns == (turn(1.0, 4.0, "S1"), turn(2.0, 3.0, "S2"))
    assert [(voice.speaker, voice.embedding) for voice in voices] == [("S1", (0.0, 0.0, 1.0)), ("S2", (0.0, 1.0, 0.0))]


def test_one_narrator_is_not_two_voices_and_two_people_stay_two() -> None:
    def at(cosine: float) -> np.ndarray:
        return np.array([cosine, np.sqrt(1 - cosine**2)])

    sizes = np.array([9, 3])
    (one,) = twins(np.stack([at(1.0), at(0.79)]), sizes)
    assert one @ at(1.0) > one @ at(0.79) > 0.79, "who has more voices has more weight"
    assert len(twins(np.stack([at(1.0), at(0.6)]), sizes)) == 2
    assert len(twins(np.stack([at(1.0), at(0.79)]), sizes, low=2)) == 2, "as many as the manifest asks for"
