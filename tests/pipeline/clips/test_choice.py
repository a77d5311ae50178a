"""Choosing clips: what must hold for any video and any policy, and what a person would expect of plain ones."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asid.pipeline.clips.choice import NEAR, ClipPolicy, Drop, choose_spans
from asid.pipeline.rows import Shot, Signal, Sound, Span, Utterance, Word


def word(start: float, end: float, text: str = "so") -> Word:
    return Word(start=start, end=end, text=text, score=1.0, speaker="A")


def said(*words: Word) -> Utterance:
    return Utterance(
        start=min(w.start for w in words),
        end=max(w.end for w in words),
        speaker="A",
        text=" ".join(w.text for w in words),
        words=words,
        overlap=False,
    )


def shots(*edges: float) -> list[Shot]:
    return [Shot(start=a, end=b, first_frame=0, last_frame=0, opens_with="cut") for a, b in pairwise(edges)]


def moment(time: float, change: float = 0.1, brightness: float = 0.5) -> Signal:
    return Signal(time=time, brightness=brightness, contrast=0.2, colour="grey", change=change, pan=0, tilt=0, zoom=0,
                  residual=0)  # fmt: skip


def frames(duration: float, rate: float = 25) -> list[float]:
    return [n / rate for n in range(math.ceil(duration * rate))]


def choose(
    duration: float,
    policy: ClipPolicy,
    edges: tuple[float, ...] = (),
    words: tuple[Word, ...] = (),
    signal: tuple[Signal, ...] = (),
    sounds: tuple[Sound, ...] = (),
    times: list[float] | None = None,
) -> tuple[list[tuple[float, float]], list[tuple[float, float, str]]]:
    spans, drops = choose_spans(
        duration,
        frames(duration) if times is None else times,
        shots(0.0, *edges, duration),
        [said(*words)] if words else [],
        signal,
        sounds,
        policy,
    )
    return [(s.start, s.end) for s in spans], [(d.start, d.end, d.reason) for d in drops]


# --- what always holds -------------------------------------------------------------------------------------------

moments = st.floats(-5, 70, allow_nan=False)
words_anywhere = st.lists(st.tuples(moments, st.floats(-1, 30)), max_size=40).map(
    lambda pairs: [word(start, start + length) for start, length in pairs]
)
words_in_a_row = st.lists(st.floats(0.05, 0.9), min_size=1, max_size=120).map(
    lambda lengths: [word(a, b) for a, b in zip(np.cumsum([0.0, *lengths]), np.cumsum(lengths), strict=False)]
)
policies = st.builds(
    lambda low, room, target, multi, merge, short, black: ClipPolicy(
        min_seconds=low,
        max_seconds=low + room,
        target_seconds=target,
        multi_shot=multi,
        merge_short=merge,
        keep_short_videos=short,
        max_black=black,
    ),
    st.floats(0.5, 20),
    st.one_of(st.floats(0.01, 2), st.floats(2, 60)),
    st.floats(1, 60),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.5, 1.0]),
)
grids = st.one_of(
    st.sampled_from([10.0, 25.0, 30000 / 1001, 60.0]).map(lambda rate: frames(64, rate)),
    st.lists(st.floats(0, 64), max_size=80).map(lambda times: [0.0, *times]),  # any intervals, out of order
)
signals = st.lists(st.builds(moment, moments, st.floats(0, 1), st.sampled_from([0.0, 0.5])), max_size=30)
noises = st.lists(
    st.builds(
        lambda start, length, level: Sound(start=start, end=start + length, kind="sound", level=level),
        moments,
        st.floats(0, 9),
        st.floats(-90, 0),
    ),
    max_size=10,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    duration=st.floats(0.1, 64),
    times=grids,
    edges=st.lists(moments, max_size=20),
    words=st.one_of(words_anywhere, words_in_a_row),
    signal=signals,
    sounds=noises,
    policy=policies,
)
def test_any_policy_covers_any_video(duration, times, edges, words, signal, sounds, policy) -> None:
    spoken = [said(*words[:7]), said(*words[7:])] if len(words) > 7 else [said(*words)] if words else []
    cut = [Shot(start=e, end=e + 1, first_frame=0, last_frame=0, opens_with="cut") for e in edges]
    spans, drops = choose_spans(duration, times, cut, spoken, signal, sounds, policy)

    covered: list[Span] = sorted([*spans, *drops], key=lambda part: part.start)
    assert [part.start for part in covered] == [0.0, *(part.end for part in covered[:-1])]
    assert covered[-1].end == duration
    assert all(part.start < part.end for part in covered)
    for span in spans:
        if duration < policy.min_seconds:
            assert policy.keep_short_videos
            assert (span.start, span.end) == (0.0, duration)
        else:
            assert policy.min_seconds <= span.end - span.start <= policy.max_seconds
    shown = np.unique([time for time in times if time < duration])
    for boundary in [part.start for part in covered[1:]]:
        assert not [w for w in words if w.start < boundary < min(w.end, duration)]
        assert np.any((shown >= boundary) & (shown <= boundary + NEAR)), "no frame begins here"
    for span in spans:
        assert np.any((shown >= span.start) & (shown < span.end)), "a clip without a picture"
    assert {drop.reason for drop in drops} <= {"short", "no_place_to_cut", "does_not_fit", "black", "frozen"}


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.floats(0.3, 25), min_size=1, max_size=12), low=st.floats(1, 8), target=st.floats(5, 60))
def test_a_silent_video_loses_nothing_when_there_is_room(lengths, low, target) -> None:
    """Wherever the shots are: with max >= 2 min + a second, everything can be cut into clips."""
    duration = float(np.sum(lengths)) + low
    policy = ClipPolicy(min_seconds=low, max_seconds=2 * low + 3, target_seconds=target)
    spans, drops = choose(duration, policy, tuple(np.cumsum(lengths)))
    assert drops == []
    assert spans


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_times_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        choose(20.0, ClipPolicy(), words=(word(1, bad),))
    with pytest.raises(ValueError, match="finite"):
        choose(bad, ClipPolicy(), times=[0.0])
    with pytest.raises(ValueError, match="finite"):
        choose(20.0, ClipPolicy(), signal=(moment(bad),))
    with pytest.raises(ValueError, match="duration"):
        choose(0.0, ClipPolicy(), times=[0.0])


# --- what one expects --------------------------------------------------------------------------------------------

SINGLE = ClipPolicy(min_seconds=5, max_seconds=20, multi_shot=False)


def test_shots_become_clips_and_a_short_one_joins_its_neighbour() -> None:
    assert choose(24.0, SINGLE, (6.0, 8.0, 16.0)) == ([(0.0, 8.0), (8.0, 16.0), (16.0, 24.0)], [])


def test_a_short_shot_is_dropped_when_it_may_not_be_joined() -> None:
    spans, drops = choose(24.0, SINGLE.model_copy(update={"merge_short": False}), (6.0, 8.0, 16.0))
    assert spans == [(0.0, 6.0), (8.0, 16.0), (16.0, 24.0)]
    assert drops == [(6.0, 8.0, "short")]


def test_shots_are_joined_up_to_the_target() -> None:
    policy = ClipPolicy(target_seconds=30)
    spans, _ = choose(120.0, policy, tuple(float(edge) for edge in range(10, 120, 10)))
    assert spans == [(0.0, 30.0), (30.0, 60.0), (60.0, 90.0), (90.0, 120.0)]


def test_a_shot_longer_than_the_target_stays_whole() -> None:
    assert choose(120.0, ClipPolicy(target_seconds=30))[0] == [(0.0, 120.0)]


def test_a_long_shot_is_split_where_it_is_quiet_and_still() -> None:
    loud = (Sound(start=0, end=13.9, kind="sound", level=-10), Sound(start=14.6, end=30, kind="sound", level=-10))
    moving = tuple(moment(n / 2, 0.0 if 27 <= n <= 30 else 0.2) for n in range(60))
    spans, drops = choose(30.0, SINGLE, signal=moving, sounds=loud)
    assert drops == []
    assert len(spans) == 2
    assert 13.9 <= spans[0][1] <= 14.6


def test_a_long_speech_is_split_in_its_pause() -> None:
    words = tuple(word(n * 0.5, n * 0.5 + 0.49) for n in range(26)) + tuple(
        word(14.2 + n * 0.5, 14.2 + n * 0.5 + 0.49) for n in range(31)
    )
    spans, _ = choose(30.0, SINGLE, words=words)
    assert [round(spans[0][1], 1), len(spans)] == [pytest.approx(13.5, abs=0.4), 2]


def test_words_of_two_people_are_kept_whole_together() -> None:
    """Alone, each leaves a pause at 10 or 11 s; overlapping, only 12 s is free."""
    one = [word(5, 10), word(10, 12), word(12, 19)]
    two = [word(4, 11), word(11, 11.5), word(12, 18)]
    spans, drops = choose_spans(20.0, frames(20), shots(0, 11.0, 20), [said(*one), said(*two)], [], [],
                                ClipPolicy(min_seconds=5, max_seconds=14))  # fmt: skip
    assert [(s.start, s.end) for s in spans] == [(0.0, 12.0), (12.0, 20.0)]
    assert drops == []


def test_a_shot_edge_in_a_word_is_replaced_by_the_next_place_beside_it() -> None:
    spans, drops = choose(20.0, SINGLE, (10.0,), words=(word(9.7, 10.1),))
    assert drops == []
    assert spans == [(0.0, 10.12), (10.12, 20.0)]


def test_words_without_pauses_are_cut_between_two_of_them() -> None:
    """No frame begins between two words: the boundary is the words' own, and the next frame is near."""
    words = tuple(word(n * 0.301, (n + 1) * 0.301) for n in range(100))
    spans, drops = choose(30.0, SINGLE, words=words)
    assert drops == []
    assert {round(end / 0.301, 6) % 1 for _, end in spans[:-1]} == {0.0}


def test_a_word_longer_than_a_clip_may_be_is_dropped() -> None:
    spans, drops = choose(60.0, SINGLE, words=(word(20, 45),))
    assert [(start, end) for start, end, _ in drops] == [(20.0, 45.0)]
    assert drops[0][2] == "no_place_to_cut"
    assert sum(end - start for start, end in spans) == pytest.approx(35.0)


def test_words_over_everything_drop_everything() -> None:
    assert choose(60.0, SINGLE, (30.0,), words=(word(-3, 90),)) == ([], [(0.0, 60.0, "no_place_to_cut")])


def test_words_past_the_end_do_not_matter() -> None:
    assert choose(10.0, ClipPolicy(), words=(word(11, 12), word(10, 300))) == ([(0.0, 10.0)], [])


def test_a_short_video_is_kept_whole_or_dropped() -> None:
    assert choose(3.0, ClipPolicy()) == ([(0.0, 3.0)], [])
    assert choose(3.0, ClipPolicy(keep_short_videos=False)) == ([], [(0.0, 3.0, "short")])


def test_black_and_frozen_clips_are_dropped() -> None:
    dark = tuple(moment(n / 2, brightness=0.01 if n < 20 else 0.5) for n in range(40))
    assert choose(20.0, SINGLE, (10.0,), signal=dark) == ([(10.0, 20.0)], [(0.0, 10.0, "black")])
    frozen = tuple(moment(n / 2, change=0.0 if n < 20 else 0.1) for n in range(40))
    still = SINGLE.model_copy(update={"max_frozen": 0.9})
    assert choose(20.0, SINGLE, (10.0,), signal=frozen)[1] == []
    assert choose(20.0, still, (10.0,), signal=frozen) == ([(10.0, 20.0)], [(0.0, 10.0, "frozen")])


def test_what_no_length_fits_is_dropped_and_said_so() -> None:
    """21 s cannot be made of clips of 15 to 16 s."""
    spans, drops = choose(21.0, ClipPolicy(min_seconds=15, max_seconds=16))
    assert sum(end - start for start, end in spans) == pytest.approx(16.0, abs=0.2)
    assert {reason for *_, reason in drops} == {"short"}


def test_a_frame_that_stands_longer_than_a_clip_has_no_place_to_cut() -> None:
    spans, drops = choose(100.0, SINGLE, times=[*frames(10), *(60 + time for time in frames(40))])
    assert [(d[0] <= 10, d[1], d[2]) for d in drops] == [(True, 60.0, "no_place_to_cut")]
    assert spans[-1][1] == 100.0


def test_an_hour_of_shots_and_words() -> None:
    duration = 3600.0
    edges = tuple(np.arange(3.7, duration, 3.7).tolist())
    words = tuple(word(n * 0.4, n * 0.4 + 0.35) for n in range(int(duration / 0.4)))
    spans, drops = choose(duration, ClipPolicy(), edges, words, tuple(moment(n / 2) for n in range(7200)))
    assert drops == []
    assert all(20 < end - start < 45 for start, end in spans)


def test_a_policy_says_what_is_wrong_with_it() -> None:
    with pytest.raises(ValueError, match="max_seconds must be above min_seconds"):
        ClipPolicy(min_seconds=20, max_seconds=10)
    assert Drop(start=0, end=1, reason="short").model_dump() == {"start": 0.0, "end": 1.0, "reason": "short"}
