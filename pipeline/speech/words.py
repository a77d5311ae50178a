"""From heard words to utterances. Pure: every function gives new values and says what it changed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asid.pipeline.rows import Turn, Utterance, Voice, Word
from asid.pipeline.speech.base import Segment, Span

SENTENCE_END = (".", "?", "!", "…", "。", "？", "！")
SLOWEST = 2.0  # s that one word may take: longer ones were stretched over something else


# --- speakers ----------------------------------------------------------------------------------------------------


def renumber(
    words: Sequence[Word], turns: Sequence[Turn], voices: Sequence[Voice] = ()
) -> tuple[list[Word], list[Turn], list[Voice]]:
    """The same with speakers S1, S2, … in the order of their first word, then of their first turn; "" stays unknown."""
    names: dict[str, str] = {"": ""}
    for speaker in (*(word.speaker for word in words), *(turn.speaker for turn in turns)):
        names.setdefault(speaker, f"S{len(names)}")
    return (
        [word.model_copy(update={"speaker": names[word.speaker]}) for word in words],
        [turn.model_copy(update={"speaker": names[turn.speaker]}) for turn in turns],
        [voice.model_copy(update={"speaker": names[voice.speaker]}) for voice in voices if voice.speaker in names],
    )


def present(turns: Sequence[Turn], speech: Sequence[Span], least: float = 0.2) -> list[Turn]:
    """The turns without those of speakers who never speak where speech was heard, for `least` seconds: a chord or a
    creak that sounded like somebody."""
    heard = {turn.speaker for turn in turns if any(min(turn.end, b) - max(turn.start, a) >= least for a, b in speech)}
    return [turn for turn in turns if turn.speaker in heard]


def speakers(words: Sequence[Word], turns: Sequence[Turn]) -> list[Word]:
    """Each word with the speaker whose turns cover most of it, of equals the one who spoke the word before; a word
    outside all turns goes to the nearest one. Words that have a speaker keep it; without turns all stay as they are."""
    if not turns:
        return list(words)
    turns = sorted(turns, key=lambda turn: turn.start)
    begins = [turn.start for turn in turns]
    longest = max(turn.end - turn.start for turn in turns)
    given: list[Word] = []
    for word in words:
        if word.speaker:
            given.append(word)
            continue
        low = bisect_right(begins, word.start - longest)
        near = turns[max(0, low - 1) : bisect_right(begins, word.end) + 1]
        cover: dict[str, float] = {}
        for turn in near:
            shared = min(turn.end, word.end) - max(turn.start, word.start)
            if shared > 0:
                cover[turn.speaker] = cover.get(turn.speaker, 0.0) + shared
        if cover:
            before = given[-1].speaker if given else ""
            speaker = max(sorted(cover), key=lambda name: (round(cover[name], 3), name == before))
        else:
            nearest = min(near, key=lambda turn: (max(turn.start - word.end, word.start - turn.end), turn.start))
            speaker = nearest.speaker
        given.append(word.model_copy(update={"speaker": speaker}))
    return given


def settle(words: Sequence[Word], gap: float) -> list[Word]:
    """A word or two given to somebody else in the middle of a sentence, with no pause around, go to the speaker of the
    rest: boundaries of turns and of words are never exact."""
    settled: list[Word] = []
    for sentence in _sentences(words, gap):
        counts: dict[str, int] = {}
        for word in sentence:
            counts[word.speaker] = counts.get(word.speaker, 0) + 1
        speaker = max(counts, key=lambda name: counts[name])
        few = len(sentence) - counts[speaker]
        owner = speaker if few <= 2 and counts[speaker] >= 2 * few else None
        settled += [word.model_copy(update={"speaker": owner}) if owner is not None else word for word in sentence]
    return settled


def _sentences(words: Sequence[Word], gap: float) -> list[list[Word]]:
    parts: list[list[Word]] = []
    for word in words:
        if parts and not parts[-1][-1].text.endswith(SENTENCE_END) and word.start - parts[-1][-1].end <= gap:
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


# --- utterances --------------------------------------------------------------------------------------------------


def utterances(
    words: Sequence[Word], turns: Sequence[Turn], gap: float, longest: float, joiner: str = " "
) -> list[Utterance]:
    """Words of one speaker without a pause above `gap`; after `longest` seconds the next sentence begins a new one.
    `joiner` stands between words: nothing where a language writes none."""
    parts: list[list[Word]] = []
    for word in words:
        last = parts[-1][-1] if parts else None
        goes_on = (
            last is not None
            and word.speaker == last.speaker
            and word.start - last.end <= gap
            and not (word.end - parts[-1][0].start > longest and last.text.endswith(SENTENCE_END))
        )
        if goes_on:
            parts[-1].append(word)
        else:
            parts.append([word])
    return [
        Utterance(
            start=part[0].start,
            end=max(word.end for word in part),
            speaker=part[0].speaker,
            text=joiner.join(word.text for word in part),
            words=tuple(part),
            overlap=spoken_over(part, turns),
        )
        for part in parts
    ]


def spoken_over(words: Sequence[Word], turns: Iterable[Turn], least: float = 0.2) -> bool:
    """Whether another speaker's turn covers at least `least` seconds between the first and the last of the words."""
    start, end, speaker = words[0].start, max(word.end for word in words), words[0].speaker
    return any(turn.speaker != speaker and min(turn.end, end) - max(turn.start, start) >= least for turn in turns)


# --- guards ------------------------------------------------------------------------------------------------------

# What Whisper writes over music, noise and silence, because films end with it.
STOCK = re.compile(
    r"(thank you( (so|very) much)?( for (watching|listening))?|thanks( for (watching|listening))?|you|bye( bye)?|"
    r"(please )?(like and )?subscribe.*|see you (next time|in the next video)|"
    r"(music|applause|laughter|silence)|(subtitles|captions|transcribed|translated) by.*)"
)


def plain(text: str) -> str:
    """Give the words of a text alone, in small letters."""
    return " ".join(re.sub(r"[^\w\s']", " ", text.lower()).split())


def loop(words: Sequence[str]) -> tuple[int, int]:
    """The longest run of one phrase said again and again: (words in the run, times); (0, 0) under three times."""
    best = (0, 0)
    for size in range(1, len(words) // 3 + 1):
        run = 0
        for index in range(size, len(words)):
            run = run + 1 if words[index] == words[index - size] else 0
            times = run // size + 1
            if times >= 3 and times * size > best[0]:
                best = (times * size, times)
    return best


def doubt(segment: Segment) -> tuple[str, bool]:
    """Why a segment is not to be believed, or "", and whether that means that nobody speaks there."""
    text = plain(segment.text)
    run, times = loop(text.split())
    looped = times >= 4 and run * 2 >= len(text.split())
    if segment.no_speech > 0.6 and segment.logprob < -0.8:
        return f"nobody speaks (probability {segment.no_speech:.2f})", True
    if STOCK.fullmatch(text) and segment.no_speech > 0.4:
        return f"stock phrase where probably nobody speaks (probability {segment.no_speech:.2f})", True
    if looped and (segment.compression > 2.4 or segment.logprob < -0.7):
        return f"the same words {times} times over", False
    if segment.compression > 2.4:
        return f"the text repeats itself (compression {segment.compression:.1f})", False
    if segment.logprob < -1.0:
        return f"the recogniser does not believe it (mean log-probability {segment.logprob:.2f})", False
    return "", False


@dataclass(frozen=True)
class Guarded:
    """Hold segments after the guards against invented speech."""

    kept: tuple[Segment, ...]
    lines: tuple[str, ...]  # one for each segment that was set aside: its time, its text and why
    nobody: tuple[Span, ...]  # where a segment was set aside because nobody speaks


def guard(segments: Iterable[Segment]) -> Guarded:
    """The segments to believe, and what was set aside."""
    kept: list[Segment] = []
    lines: list[str] = []
    nobody: list[Span] = []
    for segment in segments:
        why, silent = doubt(segment)
        if not why:
            kept.append(segment)
            continue
        lines.append(f'set aside {segment.start:.1f}-{segment.end:.1f} "{segment.text}": {why}')
        if silent:
            nobody.append((segment.start, segment.end))
    return Guarded(tuple(kept), tuple(lines), tuple(nobody))


def overlapping(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """Those of `spans` that share time with one of `others`."""
    return [span for span in spans if any(span[0] < end and span[1] > start for start, end in others)]


def clamp(words: Sequence[Word], speech: Sequence[Span]) -> tuple[list[Word], list[str]]:
    """Words cut to the stretch of speech they share most with, and to SLOWEST; a line for each word that lost more
    than half a second."""
    clamped: list[Word] = []
    lines: list[str] = []
    begins = [start for start, _ in speech]
    for word in words:
        near = speech[max(0, bisect_right(begins, word.start) - 1) : bisect_right(begins, word.end)]
        cuts = [(max(word.start, a), min(word.end, b)) for a, b in overlapping(near, [(word.start, word.end)])]
        start, end = max(cuts, key=lambda cut: cut[1] - cut[0], default=(word.start, word.end))
        if end - start > SLOWEST:  # after a pause it is the beginning that alignment stretches
            pause = not clamped or start - clamped[-1].end > SLOWEST / 2
            start, end = (end - SLOWEST, end) if pause else (start, start + SLOWEST)
        lost = (word.end - word.start) - (end - start)
        if lost > 0.5:
            lines.append(f'cut "{word.text}" from {word.start:.1f}-{word.end:.1f} to {start:.1f}-{end:.1f}')
        clamped.append(word if lost <= 0 else word.model_copy(update={"start": start, "end": end}))
    return clamped, lines


# --- as text -----------------------------------------------------------------------------------------------------


def subtitles(spoken: Iterable[Utterance]) -> str:
    """The timed, speaker-labelled block that annotators get: `[12.3-14.0] SPEAKER_1: text`, one line an utterance."""
    return "\n".join(
        f"[{one.start:.1f}-{one.end:.1f}] {label(one.speaker)}: {' '.join(one.text.split())}" for one in spoken
    )


def label(speaker: str) -> str:
    """Name a speaker as prompts do: SPEAKER_1."""
    return f"SPEAKER_{speaker.removeprefix('S')}" if speaker else "SPEAKER_UNKNOWN"


def srt(spoken: Sequence[Utterance]) -> str:
    """Write utterances as SubRip, for people."""
    return "\n".join(
        f"{number}\n{_clock(one.start)} --> {_clock(one.end)}\n[{one.speaker or '?'}] {one.text}\n"
        for number, one in enumerate(spoken, 1)
    )


def _clock(seconds: float) -> str:
    whole = round(max(0.0, seconds) * 1000)
    return f"{whole // 3600000:02d}:{whole // 60000 % 60:02d}:{whole // 1000 % 60:02d},{whole % 1000:03d}"


def rttm(turns: Iterable[Turn], name: str) -> str:
    """Write turns as RTTM of the file `name`."""
    return "".join(
        f"SPEAKER {name} 1 {one.start:.3f} {one.end - one.start:.3f} <NA> <NA> {one.speaker or '?'} <NA> <NA>\n"
        for one in turns
    )
