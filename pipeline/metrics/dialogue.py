"""How well a caption tells a clip's dialogue: DiaDem's ASR (what is said) and REF (by whom) (DiaDem, section 3.2, A.6).

Both texts become lists of lines, `Speaker: words`. `align` finds the matching of the two lists with the greatest sum of
likenesses, where up to `window` neighbouring lines of one speaker may be read as one, and `score` makes precision,
recall and F1 of it.

Where paper and published scorer differ, both are here by name; the default is the paper's but for silence:
- a match counts from γ on (`strict=False`, the paper), or only above it (`strict=True`, the scorer);
- over a set, F1 of the mean precision and mean recall (`f1_of_means`, published), or the mean of the clips' F1;
- a caption without lines has precision 0 (`honest`), or 1 (`published`, where saying nothing pays).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from rapidfuzz.distance import Levenshtein

from asid.pipeline.errors import UserError
from asid.pipeline.metrics.figure import Absent, Figure, combined, f1, mean

GAMMA = 0.6  # likeness from which two blocks match
WINDOW = 6  # lines that may be read as one
LONGEST_SPEAKER, LONGEST_TEXT = 100, 1000  # characters, as the published scorer cuts
SAME = 1e-9  # sums closer than this are equal: they are sums of fractions

Silence = Literal["honest", "published"]
Aggregation = Literal["f1_of_means", "mean_f1"]

QUOTES = re.compile("[\"'“”‘’«»「」『』`]")
DROPPED = re.compile(r"[^\w\s]|_")
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
NOTHING = frozenset({"none", "none.", "n/a", ""})


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """Who says what, normalised: `said` holds no whitespace."""

    speaker: str
    said: str


@dataclass(frozen=True, slots=True)
class MatchedBlock:
    """Predicted lines `first` to before `last` match reference lines `ref_first` to before `ref_last`."""

    first: int
    last: int
    ref_first: int
    ref_last: int
    likeness: float


@dataclass(frozen=True)
class Alignment:
    """The best matching of M predicted and N reference lines. `utterances` is the sum of likenesses (S_utt)."""

    predicted: int
    reference: int
    blocks: tuple[MatchedBlock, ...]

    @property
    def utterances(self) -> float:
        return sum(block.likeness for block in self.blocks)

    @property
    def merged_predicted(self) -> int:
        """M': predicted lines, each merged block counted once."""
        return self.predicted - sum(block.last - block.first - 1 for block in self.blocks)

    @property
    def merged_reference(self) -> int:
        """N': reference lines, each merged block counted once."""
        return self.reference - sum(block.ref_last - block.ref_first - 1 for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Shares:
    """Precision, recall and F1, each 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return f1(self.precision, self.recall)


@dataclass(frozen=True, slots=True)
class DialogueScore:
    """One clip: `asr` for the words, `ref` for the speakers."""

    asr: Shares
    ref: Shares

    @property
    def reward(self) -> float:
        """R_D = (REF + ASR) / 2 (DiaDem, section 4)."""
        return (self.asr.f1 + self.ref.f1) / 2


# --- reading -----------------------------------------------------------------------------------------------------


def read_lines(text: str | Iterable[str]) -> tuple[DialogueLine, ...]:
    """Read lines `Speaker: "words"`, as an extractor writes them. A line without ":" and one in which nothing is said
    are dropped: no match could be made of them."""
    lines = text.splitlines() if isinstance(text, str) else [part for one in text for part in one.splitlines()]
    read = (_line(line) for line in lines if line.strip().casefold() not in NOTHING)
    return tuple(line for line in read if line is not None)


def _line(text: str) -> DialogueLine | None:
    speaker, colon, said = text.partition(":")
    words = "".join(normalise(said).split())[:LONGEST_TEXT]
    if not colon or not words:
        return None
    return DialogueLine(" ".join(normalise(speaker).split())[:LONGEST_SPEAKER], words)


def normalise(text: str) -> str:
    """Take signs out, put Latin letters in lower case and Traditional Chinese in Simplified; Japanese stays as it is.

    Raises UserError where Chinese is met and OpenCC is not installed.
    """
    plain = DROPPED.sub("", QUOTES.sub("", text.lower()))
    if HAN.search(plain) and not KANA.search(plain):
        return str(_simplifier().convert(plain))
    return plain


@cache
def _simplifier() -> Any:
    try:
        import opencc
    except ModuleNotFoundError as error:
        raise UserError("dialogue in Chinese needs OpenCC: pip install 'asid-verify[eval]'") from error
    return opencc.OpenCC("t2s")


# --- matching ----------------------------------------------------------------------------------------------------


def similarity(one: str, other: str) -> float:
    """Sim(a, b) = 1 - edits / length of the longer, 0 to 1. Two texts without a letter are no match: 0."""
    longer = max(len(one), len(other))
    return (longer - Levenshtein.distance(one, other)) / longer if longer else 0.0


def align(
    predicted: Sequence[DialogueLine],
    reference: Sequence[DialogueLine],
    gamma: float = GAMMA,
    window: int = WINDOW,
    strict: bool = False,
) -> Alignment:
    """Find the ordered matching of blocks of lines with the greatest sum of likenesses (DiaDem, section 3.2).

    Among matchings with one sum, the one that merges fewest lines is taken. Raises ValueError for `gamma` outside 0 to
    1 or a `window` below 1. Time grows with M x N x window².
    """
    if not 0 <= gamma <= 1 or window < 1:
        raise ValueError(f"gamma must lie in 0 to 1 and window be 1 or more; they are {gamma} and {window}")
    rows, columns = len(predicted), len(reference)
    ours, theirs = _blocks(predicted, window), _blocks(reference, window)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    merged = [[0] * (columns + 1) for _ in range(rows + 1)]
    came: list[list[MatchedBlock | tuple[int, int] | None]] = [[None] * (columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            total, joined, how = best[i - 1][j], merged[i - 1][j], (i - 1, j)  # type: Any, Any, Any
            if _better(best[i][j - 1], merged[i][j - 1], total, joined):
                total, joined, how = best[i][j - 1], merged[i][j - 1], (i, j - 1)
            for k, one in enumerate(ours[i], 1):
                for m, other in enumerate(theirs[j], 1):
                    likeness = _likeness(one, other, gamma, strict)
                    if likeness is None:
                        continue
                    sum_, joins = best[i - k][j - m] + likeness, merged[i - k][j - m] + k + m - 2
                    if _better(sum_, joins, total, joined):
                        total, joined, how = sum_, joins, MatchedBlock(i - k, i, j - m, j, likeness)
            best[i][j], merged[i][j], came[i][j] = total, joined, how
    return Alignment(rows, columns, tuple(_path(came, rows, columns)))


def _blocks(lines: Sequence[DialogueLine], window: int) -> list[list[str]]:
    """For each number of lines read so far, the texts of the blocks that end there: of one line, of two, …, as far as
    one speaker goes."""
    ending: list[list[str]] = [[]]
    for end in range(1, len(lines) + 1):
        texts, said = [], ""
        for line in reversed(lines[max(0, end - window) : end]):
            if line.speaker != lines[end - 1].speaker:
                break
            said = line.said + said
            texts.append(said)
        ending.append(texts)
    return ending


def _likeness(one: str, other: str, gamma: float, strict: bool) -> float | None:
    """The likeness of two blocks when it suffices for a match. Most pairs are told apart by their lengths alone."""
    shorter, longer = sorted((len(one), len(other)))
    if not longer or shorter / longer < gamma:
        return None
    most = int((1 - gamma) * longer) + 1
    edits = Levenshtein.distance(one, other, score_cutoff=most)
    likeness = (longer - edits) / longer
    return likeness if likeness > gamma or (likeness == gamma and not strict) else None


def _better(total: float, merged: int, than: float, than_merged: int) -> bool:
    return total > than + SAME or (total > than - SAME and merged < than_merged)


def _path(came: Sequence[Sequence[Any]], i: int, j: int) -> list[MatchedBlock]:
    blocks = []
    while i and j:
        step = came[i][j]
        if isinstance(step, MatchedBlock):
            blocks.append(step)
            i, j = step.first, step.ref_first
        else:
            i, j = step
    return blocks[::-1]


# --- scoring -----------------------------------------------------------------------------------------------------


def score(alignment: Alignment, same_speaker: Sequence[bool], silence: Silence = "honest") -> DialogueScore:
    """Score one clip. `same_speaker` holds the judge's verdict for each matched block, in order; a list of another
    length is a judge's failure and raises ValueError."""
    if len(same_speaker) != len(alignment.blocks):
        raise ValueError(f"{len(alignment.blocks)} matched blocks need as many verdicts; {len(same_speaker)} came")
    return DialogueScore(
        shares(alignment.utterances, alignment, silence), shares(sum(map(bool, same_speaker)), alignment, silence)
    )


def shares(points: float, alignment: Alignment, silence: Silence = "honest") -> Shares:
    """Divide points by M' and N'. Where the reference has no line, recall is 1: nothing was missed. Where the caption
    has none, precision is 1 when there was nothing to say; else as `silence` has it."""
    ours, theirs = alignment.merged_predicted, alignment.merged_reference
    unsaid = 1.0 if silence == "published" or not theirs else 0.0
    return Shares(points / ours if ours else unsaid, points / theirs if theirs else 1.0)


def figures(clips: Iterable[DialogueScore | Absent], aggregation: Aggregation = "f1_of_means") -> dict[str, Figure]:
    """Average clips: `asr` and `ref` with their precision and recall. Missing clips count as 0 in each."""
    clips = list(clips)
    made: dict[str, Figure] = {}
    for name in ("asr", "ref"):
        found = [clip if isinstance(clip, Absent) else getattr(clip, name) for clip in clips]
        precision = mean(one if isinstance(one, Absent) else one.precision for one in found)
        recall = mean(one if isinstance(one, Absent) else one.recall for one in found)
        whole = combined(precision, recall, f1)
        if aggregation == "mean_f1":
            whole = mean(one if isinstance(one, Absent) else one.f1 for one in found)
        made |= {name: whole, f"{name}_precision": precision, f"{name}_recall": recall}
    return made


# --- DiaDemBench's tables ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DialogueClip:
    """What DiaDemBench states of a clip. `speakers` 0 means that people speak over one another."""

    single_shot: bool
    speakers: int
    people: int
    off_screen: bool = False
    same_sex: bool = False
    only_opposite_sex: bool = False


def table(
    clips: Mapping[str, DialogueScore | Absent],
    stated: Mapping[str, DialogueClip],
    aggregation: Aggregation = "f1_of_means",
) -> dict[str, dict[str, Figure]]:
    """Give the rows of DiaDem's tables 1 and 2, name -> figures. A clip that is stated and has no score is missing;
    raises ValueError for a score of a clip that is not stated."""
    if unknown := sorted(set(clips) - set(stated)):
        raise ValueError(f"{len(unknown)} scored clips are not in the benchmark: {', '.join(unknown[:5])}")
    rows: dict[str, list[DialogueScore | Absent]] = {}
    for name, clip in stated.items():
        one = clips.get(name, Absent("no prediction"))
        for row in _rows(clip):
            rows.setdefault(row, []).append(one)
    return {row: figures(rows[row], aggregation) for row in ROWS if row in rows}


SHOTS = ("single-shot", "multi-shot")
SPEAKERS = ("1 speaker", "2 speakers", ">=3 speakers", "overlap")
ROWS = (
    "overall", *(row for shot in SHOTS for row in (shot, *(f"{shot}, {count}" for count in SPEAKERS))), *SPEAKERS,
    "0 on screen", "1 on screen", "2 on screen", ">=3 on screen",
    "off-screen: yes", "off-screen: no", "same sex: yes", "same sex: no",
    "only opposite sex: yes", "only opposite sex: no",
)  # fmt: skip


def _rows(clip: DialogueClip) -> list[str]:
    def some(count: int, what: str) -> str:
        plural = "speakers" if what == "speaker" and count > 1 else what
        return f">=3 {plural}" if count >= 3 else f"{count} {plural}"

    flags = {"off-screen": clip.off_screen, "same sex": clip.same_sex, "only opposite sex": clip.only_opposite_sex}
    shot = SHOTS[0] if clip.single_shot else SHOTS[1]
    speakers = some(clip.speakers, "speaker") if clip.speakers else "overlap"
    return [
        *("overall", shot, f"{shot}, {speakers}", speakers),
        some(clip.people, "on screen"),
        *(f"{name}: {'yes' if flag else 'no'}" for name, flag in flags.items()),
    ]
