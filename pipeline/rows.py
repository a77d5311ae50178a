"""The dataflow, as types: each row says by its fields what has happened to it.

    Video -> Split -> Transcribed -> Clip -> Captioned -> Drafted -> Verified -> Decomposed -> Audited -> Refined
          Captioned -> Scored -> Preferred, a Drafted
    any of them from Drafted on -> Formatted -> Judged

A recipe may leave out verification, audit and refinement: `joined` makes the type of a row that has been formatted and
is, for the rest, what it was.

Up to `Transcribed` a row is a whole video and times are seconds of the source. From `Clip` on a row is a clip and all
times are seconds from the clip's own start. Times come from exact presentation times; they are rounded only when shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, create_model


class Record(BaseModel):
    """A typed part of a row. Frozen; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # most commands use few of them


class Row(Record):
    """What stages take and give: one record with an id that is unique in its stage."""

    id: str


RowType = TypeVar("RowType", bound=Row)


def grow(row: Row, kind: type[RowType], **new: Any) -> RowType:
    """The row as the later type `kind`: its fields carried over, `new` added or replaced."""
    carried = {name: getattr(row, name) for name in type(row).model_fields if name in kind.model_fields}
    return kind(**(carried | new))


@cache
def joined(taken: type[Row], kind: type[Row]) -> type[Any]:
    """The type of a row that was a `taken` and has become a `kind` too, with the fields of both."""
    if issubclass(taken, kind):
        return taken
    if issubclass(kind, taken):
        return kind
    return create_model(taken.__name__ + kind.__name__, __base__=(taken, kind), __module__=__name__)


class Span(Record):
    """A part of a video or a clip, in s. `end` is the time just after it."""

    start: float
    end: float


# --- the video ---------------------------------------------------------------------------------------------------


class Video(Row):
    """One file as probed, not as declared. `id` is the first 16 hex digits of the SHA-256 of its bytes."""

    uri: str  # percent-encoded file:// or s3:// address of the bytes
    name: str  # file name for people; bytes that are not UTF-8 are shown escaped
    sha256: str
    size: int  # bytes
    duration: float  # s, of the picture
    width: int  # pixels as displayed: rotation and pixel shape applied
    height: int
    fps: float  # average frames per second
    video_codec: str
    audio_codec: str  # "" without sound
    audio_streams: int
    licence: str
    source: str
    tags: dict[str, str]  # columns of the input list, carried through to the dataset
    duplicates: tuple[str, ...]  # addresses of files with the same bytes, folded into this one
    shown_from: float | None = None  # s, file time of the first frame that decodes; None: to be found out


class Bars(Record):
    """Black bars along the edges of the picture, each as a share of its height or width; 0 where there is none."""

    top: float
    bottom: float
    left: float
    right: float


class Shot(Record):
    """A run of frames from one camera. `end` is the time just after its last frame."""

    start: float
    end: float
    first_frame: int
    last_frame: int
    opens_with: Literal["start", "cut", "fade", "dissolve"]
    bars: Bars | None = None  # None: not measured, or the shot is black


class Signal(Record):
    """What the picture did around one moment, measured on a reduced copy of the frames."""

    time: float
    brightness: float  # mean luma, 0..1
    contrast: float  # standard deviation of luma, 0..1
    colour: str  # name of the commonest hue, or "grey"
    change: float  # mean absolute difference to the frame before, 0..1
    pan: float  # camera shift in frame widths per second, > 0 when the camera turns right
    tilt: float  # in frame heights per second, > 0 when the camera turns up
    zoom: float  # growth per second, > 0 when the camera goes closer
    residual: float  # motion that the camera does not explain, in frame widths per second


class Frame(Record):
    """A sampled still, kept as a JPEG under the run."""

    time: float
    uri: str
    phash: str  # 64-bit perceptual hash, 16 hex digits


class Split(Video):
    """A video whose shots are known."""

    shots: tuple[Shot, ...]
    signal: tuple[Signal, ...]  # a few a second, in order
    frames: tuple[Frame, ...]
    detector: str  # which shot detector, with its settings
    onsets: tuple[float, ...] = ()  # s at which something in the picture began at once, cuts left out


class Word(Record):
    """A word as it was heard; times in s."""

    start: float
    end: float
    text: str
    score: float  # the recogniser's own probability
    speaker: str  # "" when unknown


class Utterance(Record):
    """Words of one speaker without a long pause. `overlap`: somebody else speaks in it; `cut`: it goes on beyond the
    clip, whose boundary lies in it."""

    start: float
    end: float
    speaker: str
    text: str
    words: tuple[Word, ...]
    overlap: bool
    cut: bool = False
    language: str = ""  # ISO 639-1, "" when it was not found out


class Turn(Record):
    """Somebody speaks without a break, whether or not the words were understood. Turns of different speakers may
    overlap."""

    start: float
    end: float
    speaker: str


class Voice(Record):
    """How a speaker of this video sounds: to be compared between rows whose `hearing` names the same diarizer."""

    speaker: str
    embedding: tuple[float, ...]  # unit length


class Sound(Record):
    """A span of the sound track. Speech, sound that is not speech, and silence follow each other without gaps. Singing,
    music and events (a dog, a siren) lie over them, where detectors hear them."""

    start: float
    end: float
    kind: Literal["speech", "sound", "silence", "singing", "music", "event"]
    level: float  # dB relative to full scale, RMS
    label: str = ""  # of speech its language (ISO 639-1), of an event its class in AudioSet; "" when not known
    score: float = 1.0  # 0..1, of the detector that heard it; 1 where none was asked

    @property
    def lies_over(self) -> bool:
        """Whether it lies over the spans that follow each other without gaps."""
        return self.kind in ("singing", "music", "event")


class Cue(Record):
    """What subtitles show, and when."""

    start: float
    end: float
    text: str


class Subtitles(Record):
    """Subtitles that came with the video, moved onto what is heard: a second source of what is said."""

    origin: str  # "file NAME" or "stream N"
    language: str  # as marked, "" without a mark
    lag: float  # s by which the cues were moved
    agreement: float  # 0..1: share of the words, shown and heard, that stand in both in the same order
    cues: tuple[Cue, ...]


class Transcribed(Split):
    """A video of which it is known who says what, and when."""

    language: str  # ISO 639-1, of most of the speech, understood or not; "" without speech
    language_score: float
    utterances: tuple[Utterance, ...]
    turns: tuple[Turn, ...]  # empty when nobody told speakers apart
    voices: tuple[Voice, ...]  # of the speakers that have one
    sounds: tuple[Sound, ...]
    hearing: str  # backends and models that made this, or why there was nothing to hear
    guards: tuple[str, ...]  # what the hallucination guards did, one line each
    subtitles: tuple[Subtitles, ...] = ()
    sound_lag: float | None = (
        None  # s from the first frame to the first sample, by the file's own times; None: no sound
    )
    content_lag: float | None = None  # s by which what is heard comes after what is seen; None: no evidence


# --- the clip ----------------------------------------------------------------------------------------------------


class Clip(Row):
    """A span of one video with its slice of the evidence. `id` is VIDEO-STARTms-ENDms; of a clip that is its video, as
    it is, the video's own, and `source_uri` is empty.

    `uri` is the clip's own file, or the source itself for a virtual clip; `offset` is where the clip begins in that
    file. `sha256` identifies what is seen and heard: it is taken over the source's hash, the span and the cutting
    settings, so that it is the same wherever and whenever the clip is cut.
    """

    video: str
    uri: str
    sha256: str
    offset: float
    source_uri: str
    source_start: float  # s in the source
    source_end: float
    name: str
    duration: float
    width: int
    height: int
    fps: float
    sound: bool
    licence: str
    source: str
    tags: dict[str, str]
    shots: tuple[Shot, ...]
    signal: tuple[Signal, ...]
    frames: tuple[Frame, ...]
    language: str
    language_score: float
    utterances: tuple[Utterance, ...]
    turns: tuple[Turn, ...]  # empty when nobody told speakers apart
    voices: tuple[Voice, ...]  # of the speakers that have one
    sounds: tuple[Sound, ...]
    hearing: str
    guards: tuple[str, ...]
    subtitles: tuple[Subtitles, ...] = ()
    sound_lag: float | None = None  # of the source: s from its first frame to its first sample
    content_lag: float | None = None  # of the source: s by which what is heard comes after what is seen


class Fact(Record):
    """One thing a detector found: the only ground for an embedded caption's sentence."""

    start: float
    end: float
    attribute: str
    text: str  # a clause that can stand in a sentence
    score: float
    model: str


class Answered(Record):
    """Who wrote a text: model as the server names it, provider, and the hash of the prompt."""

    model: str
    provider: str
    prompt: str


class Candidate(Row):
    """One annotator's caption of one clip; `id` is the clip's."""

    annotator: str
    caption: str
    facts: tuple[Fact, ...]  # empty unless the annotator is made of detectors
    by: Answered
    corrected_by: Answered | None = None  # who set its speakers right
    tokens: int = 0  # of the caption as its server counts them, thoughts apart; 0: not told


class Problem(Record):
    """What a deterministic check found in a caption."""

    kind: str  # anchor_order, anchor_range, quote_not_found, source_named, repetition, …
    snippet: str
    why: str


class Mark(Record):
    """A problem that a stage could not get its model to avoid, or that a rule mended there: never silence."""

    stage: str
    kind: str
    snippet: str
    why: str
    mended: bool


class Captioned(Clip):
    """A clip with what each annotator wrote."""

    candidates: tuple[Candidate, ...]
    marks: tuple[Mark, ...] = ()


class Drafted(Captioned):
    """A clip with one caption, which candidates were merged into."""

    draft: str
    draft_by: Answered


class Score(Record):
    """How good one candidate is, the higher the better. `missing`, `incorrect`: events of the reference."""

    annotator: str
    value: float  # 1 - (missing + incorrect + hallucinated) / events, or a grade of 0..1
    missing: tuple[str, ...]
    incorrect: tuple[str, ...]
    hallucinated: tuple[str, ...]
    why: str
    by: Answered
    aspect: str = ""  # the annotator whose aspect the principles of a grade were about


class Scored(Captioned):
    """A clip whose candidates have been scored."""

    reference: str  # the caption that the events are of; "" when candidates were graded without
    events: tuple[str, ...]
    scores: tuple[Score, ...]


class Preferred(Drafted):
    """A preference pair: the draft is the chosen caption."""

    chosen_from: str  # annotator
    rejected: str
    rejected_by: Answered
    rejected_from: str
    margin: float  # score of the chosen caption less that of the rejected one
    repetition_gain: float  # repetition rate of the rejected caption less that of the chosen one


class Quote(Record):
    """Quoted speech found in the transcript: the utterance it belongs to, its speaker, its time."""

    text: str
    found: bool
    score: float  # 0..1 similarity to the best place in the transcript
    start: float
    end: float
    speaker: str


class Verified(Drafted):
    """A clip whose draft has been completed and corrected against the evidence (ASID, Fig. 16)."""

    verified: str
    missing_sight: str  # `non_speech_deficiency_specific` of the paper's Fig. 16
    missing_speech: str  # `speech_deficiency_specific`
    problems: tuple[Problem, ...]  # deterministic checks on `verified`
    verified_by: Answered


class AttributeCaptions(Record):
    """One caption per attribute (ASID, section 3); "" says the clip gives nothing for it."""

    scene: str
    characters: str
    objects: str
    actions: str
    narrative: str
    speech: str
    camera: str
    emotions: str


class Decomposed(Verified):
    """A clip with a caption for each attribute."""

    attributes: AttributeCaptions
    decomposed_by: Answered


class Error(Record):
    """Words of a caption that the clip contradicts. `point`: the VERIFY point that they break; "": none was named."""

    snippet: str
    why: str
    point: str = ""


class Missing(Record):
    """What a caption lacks. `point`: the VERIFY point that asks for it; "": none was named."""

    what: str
    why: str
    point: str = ""


class Audit(Record):
    """The audit of one attribute (ASID, Fig. 17). Clean means all three are empty."""

    attribute: str
    errors: tuple[Error, ...]
    missing: tuple[Missing, ...]
    expressiveness: tuple[str, ...]
    by: Answered
    suspicion: float | None = None  # 0..100 by a cheap auditor that was asked first; where it was low, by it alone
    round: int = 1  # above 1: of a caption that was refined before
    not_audited: tuple[str, ...] = ()  # VERIFY points that the auditor could not perceive


class Audited(Decomposed):
    """A clip whose captions by attribute have been audited."""

    audits: tuple[Audit, ...]


class Edit(Record):
    """One refinement (ASID, Fig. 18): of one attribute, or of the `all`-attribute caption. `mended` and `filled`: which
    errors of the attribute's audit, and which of what was missing, by their numbers from 0, are no longer there; None
    of rows in which nobody looked."""

    attribute: str
    fixed_errors: tuple[str, ...]
    filled_missing: tuple[str, ...]
    dropped_forbidden: tuple[str, ...]
    timestamp_adjustments: tuple[str, ...]
    by: Answered
    round: int = 1  # of the audit that asked for it
    changed: bool = True  # the caption is another than before
    mended: tuple[int, ...] | None = None
    filled: tuple[int, ...] | None = None


class Refined(Audited):
    """A clip whose captions have been mended where an audit asked for it."""

    caption: str  # the all-attribute caption
    captions: AttributeCaptions
    edits: tuple[Edit, ...]


def open_errors(audit: Audit, edits: Iterable[Edit]) -> list[Error]:
    """The errors of an audit that its refinement did not mend: one fix clears one error."""
    for edit in edits:
        if (edit.attribute, edit.round) == (audit.attribute, audit.round):
            if edit.mended is None:
                return list(audit.errors[len(edit.fixed_errors) :])
            return [error for number, error in enumerate(audit.errors) if number not in edit.mended]
    return list(audit.errors)


class Formatted(Drafted):
    """Set right in form; `mends` says how, one line each."""

    caption: str  # the all-attribute caption
    mends: tuple[str, ...]
    quotes: tuple[Quote, ...]
    remaining: tuple[Problem, ...]


class FormattedByAttribute(Formatted):
    """Of a recipe that takes captions apart by attribute."""

    captions: AttributeCaptions


class Reason(Record):
    """Why a clip was dropped: the rule, and what it saw."""

    rule: str
    detail: str


class Judged(Formatted):
    """A finished clip, kept or dropped."""

    kept: bool
    reasons: tuple[Reason, ...]  # why it was dropped; empty when kept
    completeness: int  # 1..5 by the judge, 0 when no judge was asked


class Decision(Row):
    """What a corpus pass says of one clip, for `filter` to read as evidence."""

    value: str
    detail: str


@cache
def written(kind: type[Record]) -> tuple[tuple[str, ...], ...]:
    """Find who wrote what: paths of the fields of `kind` that are Answered, such as ("draft_by",), and of those of its
    lists of records, such as ("audits", "by"). In the order of the fields."""
    found: list[tuple[str, ...]] = []
    for name, field in kind.model_fields.items():
        for inner in (field.annotation, *get_args(field.annotation)):
            if inner is Answered:
                found.append((name,))
            elif isinstance(inner, type) and issubclass(inner, Record):
                found += [(name, *path) for path in written(inner)]
    return tuple(found)


# Kinds of failures that are no verdict on the row: what was in the way may be gone the next time.
PASSING = frozenset(
    {"missing", "missing_media", "no_permission", "dangling_link", "timeout", "killed", "no_resources"}
    | {"unavailable", "unreadable_reply", "unfinished"}
)


class Failure(Record):
    """A row that did not make it through a stage."""

    id: str
    name: str
    stage: str
    kind: str  # unprocessable, timeout, killed_worker, refusal, truncated, invalid_answer, crash, …
    reason: str
    attempts: int
    raw: str  # the last raw answer, when a model gave one

    @property
    def may_pass(self) -> bool:
        """Whether what was in the way may be gone when the row is tried again."""
        return self.kind in PASSING
