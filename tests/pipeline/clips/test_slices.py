"""A clip's slice of the evidence: everything once, on the clip's clock, and only what lies in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asid.pipeline.clips.choice import ClipPolicy, choose_spans
from asid.pipeline.clips.slices import slice_evidence
from asid.pipeline.rows import Cue, Frame, Shot, Signal, Sound, Subtitles, Transcribed, Turn, Utterance, Voice, Word

TIMES = [n / 25 for n in range(1500)]  # a minute


def word(start: float, end: float, text: str) -> Word:
    return Word(start=start, end=end, text=text, score=1.0, speaker="A")


def utterance(text: str, *words: Word) -> Utterance:
    start, end = min(w.start for w in words), max(w.end for w in words)
    return Utterance(start=start, end=end, speaker="A", text=text, words=words, overlap=False)


def video(**new: Any) -> Transcribed:
    row: dict[str, Any] = {
        "id": "v", "uri": "file:///v.mp4", "name": "v.mp4", "sha256": "0", "size": 1, "duration": 60.0, "width": 64,
        "height": 36, "fps": 25.0, "video_codec": "h264", "audio_codec": "aac", "audio_streams": 1, "licence": "",
        "source": "", "tags": {}, "duplicates": (), "shots": (), "signal": (), "frames": (), "detector": "",
        "language": "en", "language_score": 1.0, "utterances": (), "turns": (), "voices": (), "sounds": (),
        "hearing": "", "guards": (),
    }  # fmt: skip
    return Transcribed(**(row | new))


moments = st.integers(-50, 1600).map(lambda n: n / 25)
words_anywhere = st.lists(st.tuples(moments, st.integers(0, 40)), min_size=1, max_size=60).map(
    lambda pairs: [word(start, start + length / 25, f"w{n}") for n, (start, length) in enumerate(sorted(pairs))]
)


@settings(max_examples=100, deadline=None)
@given(words=words_anywhere, split=st.integers(0, 60), edges=st.lists(moments, max_size=8), low=st.floats(1, 8))
def test_every_word_that_is_heard_goes_to_one_part(
    words: list[Word], split: int, edges: list[float], low: float
) -> None:
    halves = [half for half in (words[:split], words[split:]) if half]
    shots = tuple(Shot(start=e, end=e + 1, first_frame=0, last_frame=0, opens_with="cut") for e in sorted(edges))
    row = video(shots=shots, utterances=tuple(utterance(" ".join(w.text for w in half), *half) for half in halves))
    policy = ClipPolicy(min_seconds=low, max_seconds=low * 2 + 2)
    spans, drops = choose_spans(60.0, TIMES, row.shots, row.utterances, (), (), policy)
    parts = [slice_evidence(row, part.start, part.end, TIMES)["utterances"] for part in (*spans, *drops)]
    said = [w.text for part in parts for u in part for w in u.words]  # type: ignore[attr-defined]
    heard = [w.text for w in words if w.start < 60 and (w.start >= 0 or w.end > 0)]
    assert sorted(said) == sorted(heard)
    for part, span in zip(parts, (*spans, *drops), strict=True):
        for one in part:
            assert isinstance(one, Utterance)
            assert one.text == " ".join(w.text for w in one.words)
            assert all(0 <= w.start <= w.end <= span.end - span.start for w in one.words)
            assert all(one.start <= w.start and w.end <= one.end for w in one.words)


def test_an_utterance_that_goes_on_is_cut_with_its_punctuation() -> None:
    spoken = utterance("Well, yes. I think so!", word(1, 2, "Well"), word(2, 3, "yes"), word(4, 5, "I"),
                       word(5, 6, "think"), word(6, 7, "so"))  # fmt: skip
    first, second = (
        slice_evidence(video(utterances=(spoken,)), *span, TIMES)["utterances"] for span in ((0, 4), (4, 9))
    )
    assert [(u.text, u.start, u.end, u.cut) for u in first] == [("Well, yes.", 1, 3, True)]  # type: ignore[attr-defined]
    assert [(u.text, u.start, u.end, u.cut) for u in second] == [("I think so!", 0, 3, True)]  # type: ignore[attr-defined]


def test_a_language_without_spaces_gets_none() -> None:
    spoken = utterance("你好,世界。", word(1, 2, "你"), word(2, 3, "好"), word(4, 5, "世"), word(5, 6, "界"))
    parts = [slice_evidence(video(utterances=(spoken,)), *span, TIMES)["utterances"] for span in ((0, 4), (4, 9))]
    assert [u.text for part in parts for u in part] == ["你好,", "世界。"]  # type: ignore[attr-defined]


def test_words_that_the_text_does_not_have_are_joined() -> None:
    spoken = utterance("twenty-one", word(1, 2, "20"), word(4, 5, "one"))
    (part,) = slice_evidence(video(utterances=(spoken,)), 0, 3, TIMES)["utterances"]
    assert isinstance(part, Utterance)
    assert (part.text, part.cut) == ("20", True)


def test_a_whole_utterance_is_only_moved() -> None:
    spoken = utterance("Hi.", word(12, 13, "Hi"))
    (part,) = slice_evidence(video(utterances=(spoken,)), 10, 20, TIMES)["utterances"]
    assert part == utterance("Hi.", word(2, 3, "Hi"))
    assert slice_evidence(video(utterances=(spoken,)), 20, 30, TIMES)["utterances"] == ()


def test_shots_are_cut_and_their_frames_numbered_from_the_clips_first() -> None:
    shots = (
        Shot(start=0, end=4, first_frame=0, last_frame=99, opens_with="start"),
        Shot(start=4, end=10, first_frame=100, last_frame=249, opens_with="dissolve"),
        Shot(start=10, end=60, first_frame=250, last_frame=1499, opens_with="cut"),
    )
    found = slice_evidence(video(shots=shots), 2, 12, TIMES)["shots"]
    assert found == (
        Shot(start=0, end=2, first_frame=0, last_frame=49, opens_with="start"),
        Shot(start=2, end=8, first_frame=50, last_frame=199, opens_with="dissolve"),
        Shot(start=8, end=10, first_frame=200, last_frame=249, opens_with="cut"),
    )
    uneven = [0.0, 1.0, 3.0, 3.1, 4.0, 9.0, 11.0]
    assert [(s.first_frame, s.last_frame) for s in slice_evidence(video(shots=shots), 3, 12, uneven)["shots"]] == [  # type: ignore[attr-defined]
        (0, 1), (2, 3), (4, 4)]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "count"), [(0, 5, 5), (5, 10, 5), (4.5, 6.5, 2)])
def test_moments_and_stills_belong_to_one_clip(start: float, end: float, count: int) -> None:
    row = video(
        frames=tuple(Frame(time=float(n), uri=f"run:{n}", phash="") for n in range(60)),
        signal=tuple(
            Signal(time=float(n), brightness=0, contrast=0, colour="", change=0, pan=0, tilt=0, zoom=0, residual=0)
            for n in range(60)
        ),
        sounds=(Sound(start=0, end=5, kind="speech", level=-20), Sound(start=5, end=60, kind="silence", level=-80)),
    )
    found = slice_evidence(row, start, end, TIMES)
    assert [len(found["frames"]), len(found["signal"])] == [count, count]
    assert all(0 <= moment.time < end - start for moment in (*found["frames"], *found["signal"]))  # type: ignore[attr-defined]
    lasting = [s.end - s.start for s in found["sounds"]]  # type: ignore[attr-defined]
    assert sum(lasting) == pytest.approx(end - start)
    assert all(lasting)


def test_turns_and_voices_of_a_clip_are_of_those_who_speak_in_it() -> None:
    row = video(
        turns=(Turn(start=1, end=12, speaker="S1"), Turn(start=11, end=13, speaker="S2")),
        voices=(Voice(speaker="S1", embedding=(1.0,)), Voice(speaker="S2", embedding=(0.5,))),
    )
    first, second = slice_evidence(row, 0, 10, TIMES), slice_evidence(row, 12, 20, TIMES)
    assert first["turns"] == (Turn(start=1, end=10, speaker="S1"),)
    assert first["voices"] == (row.voices[0],)
    assert second["turns"] == (Turn(start=0, end=1, speaker="S2"),)
    assert second["voices"] == (row.voices[1],)


def test_subtitles_go_with_the_clip_in_which_they_are_shown() -> None:
    cues = tuple(Cue(start=at, end=at + 2.0, text=f"line {at}") for at in (1.0, 5.0, 9.0))
    row = video(subtitles=(Subtitles(origin="stream 2", language="en", lag=0.0, agreement=1.0, cues=cues),))
    (one,) = slice_evidence(row, 0.0, 6.0, TIMES)["subtitles"]
    assert [(c.start, c.end, c.text) for c in one.cues] == [(1.0, 3.0, "line 1.0"), (5.0, 6.0, "line 5.0")]  # type: ignore[attr-defined]
    (other,) = slice_evidence(row, 6.0, 10.0, TIMES)["subtitles"]
    assert [(c.start, c.end) for c in other.cues] == [(0.0, 1.0), (3.0, 4.0)]  # type: ignore[attr-defined]
    assert slice_evidence(row, 20.0, 30.0, TIMES)["subtitles"] == ()
