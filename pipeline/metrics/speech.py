"""How well speech was heard, against truth: words (WER by jiwer), words by speaker (cpWER and tcpWER by MeetEval),
who spoke when (DER by pyannote.metrics, overlaps scored, no collar), how many speakers, and the share of rightly heard
words that were given to the right speaker. The libraries are the extra `eval`.

Truth is a folder of `NAME.truth.json` (`file`, `duration`, `utterances` of `speaker`, `start`, `end`, `text` or null,
`language`), with `NAME.rttm` beside it where turns are finer than utterances. What has no truth is not scored: a clip
whose text is unknown counts for speakers only.
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from asid.pipeline.rows import Transcribed, Turn, Utterance

COLLAR = 5.0  # s that tcpWER allows between a word and its truth
NUMBERED = frozenset({"de", "es", "fr", "it", "nl", "pt"})  # ISO 639-1, whose words for numbers text2num reads
HINT = "pip install 'asid-verify[eval]'"


@dataclass(frozen=True)
class Said:
    """Hold what somebody says in truth, in s of the video; `text` None: it is not known."""

    speaker: str
    start: float
    end: float
    text: str | None
    language: str


@dataclass(frozen=True)
class SpeechTruth:
    """Hold what is said in one video."""

    name: str  # of the video file
    duration: float
    said: tuple[Said, ...]
    turns: tuple[Turn, ...]

    @property
    def worded(self) -> bool:
        """Whether the words of all that is said are known."""
        return bool(self.said) and all(one.text is not None for one in self.said)


@dataclass
class SpeechScore:
    """Counts of one clip, or of several added up. WER and the like are errors by words; DER is seconds by seconds."""

    errors: int = 0
    words: int = 0
    cp_errors: int = 0
    tcp_errors: int = 0
    cp_words: int = 0
    wrong_seconds: float = 0.0
    speech_seconds: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)  # missed, false alarm, confusion: s
    right_speaker: int = 0
    matched_words: int = 0
    speakers_off: int = 0
    counted_right: int = 0
    clips: int = 0

    def add(self, other: SpeechScore) -> None:
        """Add the counts of another clip."""
        for name, value in vars(other).items():
            if name == "parts":
                for part, seconds in value.items():
                    self.parts[part] = self.parts.get(part, 0.0) + seconds
            else:
                setattr(self, name, getattr(self, name) + value)

    def figures(self) -> dict[str, float | None]:
        """None where there is no truth to measure against."""

        def share(part: float, whole: float) -> float | None:
            return part / whole if whole else None

        return {
            "wer": share(self.errors, self.words),
            "cpwer": share(self.cp_errors, self.cp_words),
            "tcpwer": share(self.tcp_errors, self.cp_words),
            "der": share(self.wrong_seconds, self.speech_seconds),
            "missed": share(self.parts.get("missed", 0.0), self.speech_seconds),
            "false_alarm": share(self.parts.get("false_alarm", 0.0), self.speech_seconds),
            "confusion": share(self.parts.get("confusion", 0.0), self.speech_seconds),
            "right_speaker": share(self.right_speaker, self.matched_words),
            "count_right": share(self.counted_right, self.clips),
            "count_error": share(self.speakers_off, self.clips),
        }


def eval_speech(truth: Path, rows: Iterable[Transcribed]) -> dict[str, dict[str, float | None]]:
    """Figures per clip and `pooled`, for the rows whose file has truth under `truth`; found by file name."""
    truths = load(truth)
    return table((truths[row.name], row.utterances, row.turns) for row in rows if row.name in truths)


def table(
    heard: Iterable[tuple[SpeechTruth, Sequence[Utterance], Sequence[Turn]]],
) -> dict[str, dict[str, float | None]]:
    """Give the figures of each video by its name, and of all together as "pooled"."""
    pooled, figures = SpeechScore(), {}
    for truth, utterances, turns in heard:
        one = score(truth, utterances, turns)
        pooled.add(one)
        figures[truth.name] = one.figures()
    return figures | {"pooled": pooled.figures()}


def load(folder: Path) -> dict[str, SpeechTruth]:
    """Truth by video file name; files without utterances say nothing about speech and are left out."""
    truths = {}
    for path in sorted(folder.rglob("*.truth.json")):
        data = json.loads(path.read_text())
        if "utterances" not in data:
            continue
        stem = path.name.removesuffix(".truth.json")
        said = tuple(
            Said(one["speaker"], one["start"], one["end"], one["text"], one.get("language") or "")
            for one in sorted(data["utterances"], key=lambda one: one["start"])
        )
        fine = path.with_name(f"{Path(stem).stem if Path(stem).suffix else stem}.rttm")
        turns = read_rttm(fine.read_text()) if fine.is_file() else _spans(said)
        name = data.get("file", stem)
        truths[name] = SpeechTruth(name, float(data["duration"]), said, tuple(turns))
    return truths


def _spans(said: Iterable[Said]) -> list[Turn]:
    return [Turn(start=one.start, end=one.end, speaker=one.speaker) for one in said]


def read_rttm(text: str) -> list[Turn]:
    """Read turns from RTTM."""
    rows = [line.split() for line in text.splitlines() if line.startswith("SPEAKER ")]
    return [Turn(start=float(row[3]), end=float(row[3]) + float(row[4]), speaker=row[7]) for row in rows]


def score(truth: SpeechTruth, utterances: Sequence[Utterance], turns: Sequence[Turn] = ()) -> SpeechScore:
    """Without turns, who spoke when is read from the words."""
    result = SpeechScore()
    found = list(turns) or turns_of(utterances)
    if truth.turns:
        mapping = diarization(truth, found, result)
        if truth.worded:
            recognition(truth, utterances, mapping, result)
    return result


# --- parts -------------------------------------------------------------------------------------------------------


def diarization(truth: SpeechTruth, found: Sequence[Turn], result: SpeechScore) -> Mapping[str, str]:
    """Adds DER and speaker count; gives the best pairing, speaker found -> speaker of the truth."""
    core, metrics = _libraries("pyannote.core", "pyannote.metrics.diarization")
    metric = metrics.DiarizationErrorRate(collar=0.0, skip_overlap=False)
    whole = core.Timeline([core.Segment(0.0, truth.duration)])
    reference, hypothesis = _annotation(core, truth.turns), _annotation(core, found)
    detail = metric(reference, hypothesis, uem=whole, detailed=True)
    result.speech_seconds = float(detail["total"])
    result.parts = {
        "missed": float(detail["missed detection"]),
        "false_alarm": float(detail["false alarm"]),
        "confusion": float(detail["confusion"]),
    }
    result.wrong_seconds = sum(result.parts.values())
    there, heard = len({turn.speaker for turn in truth.turns}), len({turn.speaker for turn in found})
    result.speakers_off, result.counted_right, result.clips = abs(there - heard), int(there == heard), 1
    pairing = metric.optimal_mapping(reference, hypothesis, uem=whole)
    return {str(one): str(other) for one, other in pairing.items()}


def _annotation(core: Any, turns: Iterable[Turn]) -> Any:
    annotation = core.Annotation()
    for number, turn in enumerate(turns):
        annotation[core.Segment(turn.start, turn.end), number] = turn.speaker
    return annotation


def recognition(
    truth: SpeechTruth, utterances: Sequence[Utterance], mapping: Mapping[str, str], result: SpeechScore
) -> None:
    """Adds WER, cpWER, tcpWER and the share of matched words with the right speaker."""
    jiwer, meeteval = _libraries("jiwer", "meeteval")
    language = truth.said[0].language or "en"
    there = [
        (word, one.speaker) for one in truth.said for word in normal(one.text or "", one.language or language).split()
    ]
    heard = [(word, mapping.get(one.speaker, "")) for one in utterances for word in normal(one.text, language).split()]
    result.words = len(there)
    if not heard:
        result.errors = len(there)
    else:
        output = jiwer.process_words(" ".join(w for w, _ in there), " ".join(w for w, _ in heard))
        result.errors = output.substitutions + output.deletions + output.insertions
        for part in output.alignments[0]:
            if part.type == "equal":
                ours = heard[part.hyp_start_idx : part.hyp_end_idx]
                theirs = there[part.ref_start_idx : part.ref_end_idx]
                result.matched_words += len(theirs)
                result.right_speaker += sum(a[1] == b[1] for a, b in zip(ours, theirs, strict=True))
    result.cp_words = len(there)
    spoken = [one for one in utterances if normal(one.text, language)]
    if not spoken:
        result.cp_errors = result.tcp_errors = len(there)
        return
    logging.getLogger("preprocess").setLevel(logging.ERROR)  # MeetEval takes lines of 5 s for a wrong unit of time
    reference = meeteval.io.STM([_line(one, language) for one in truth.said])
    hypothesis = meeteval.io.STM([_line(one, language) for one in spoken])
    result.cp_errors = meeteval.wer.wer.cp.cp_word_error_rate(reference, hypothesis).errors
    result.tcp_errors = meeteval.wer.wer.time_constrained.time_constrained_minimum_permutation_word_error_rate(
        reference, hypothesis, collar=COLLAR
    ).errors


def _line(one: Said | Utterance, language: str) -> Any:
    (io,) = _libraries("meeteval.io.stm")
    return io.STMLine(
        filename="clip",
        channel=1,
        speaker_id=one.speaker or "?",
        begin_time=one.start,
        end_time=max(one.end, one.start + 0.01),
        transcript=normal(one.text or "", language),
    )


def normal(text: str, language: str) -> str:
    """Normalise as Whisper's papers score: case and signs do not count. Ways of writing numbers ("nine", "9") do not
    either, in English by Whisper's normaliser, in the languages of `NUMBERED` by text2num; elsewhere they do.
    """
    english, basic, numbers = _libraries("whisper_normalizer.english", "whisper_normalizer.basic", "text_to_num")
    if language == "en":
        return str(english.EnglishTextNormalizer()(text)).strip()
    if language in NUMBERED:
        text = numbers.alpha2digit(text, language, threshold=0)
    return str(basic.BasicTextNormalizer()(text)).strip()


def _libraries(*names: str) -> list[Any]:
    try:
        return [importlib.import_module(name) for name in names]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"measuring speech needs {error.name}: {HINT}") from error


def turns_of(spoken: Iterable[Utterance]) -> list[Turn]:
    """What words tell of turns where nobody told speakers apart by ear: an utterance, without its pauses above half a
    second."""
    turns = []
    for one in spoken:
        bounds = [index for index, (a, b) in enumerate(pairwise(one.words), 1) if b.start - a.end > 0.5]
        for first, end in pairwise([0, *bounds, len(one.words)]):
            turns.append(Turn(start=one.words[first].start, end=one.words[end - 1].end, speaker=one.speaker))
    return turns
