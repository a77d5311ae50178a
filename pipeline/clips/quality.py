"""Why a clip is not fit for the dataset. Every rule looks at every clip, so that each reason can be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field

from asid.pipeline import captions
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.captions.kinds import FATAL, ProblemKind
from asid.pipeline.captions.text import words
from asid.pipeline.rows import Audited, Clip, Decision, Formatted, Preferred, Reason, Refined, open_errors


class QualityLimits(BaseModel):
    """What a clip must be like. A limit at its default that says "off" drops nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_words: int = Field(20, ge=0, description="of the all-attribute caption; a Chinese character is a word")
    max_words: int = Field(1500, ge=1, description="AVoCaDO's length reward falls from 2048 tokens on")
    max_repetition: float = Field(0.5, ge=0, le=1, description="share of four-word runs that stood there before")
    drop_problems: tuple[ProblemKind, ...] = Field(
        FATAL, description="kinds of problem in any of the captions that format could not mend"
    )
    max_unfixed_errors: int = Field(0, ge=0, description="audited errors of attributes that were not refined")
    min_quotes_found: float = Field(0.8, ge=0, le=1, description="share of quoted speech that the transcript has")
    quote_exact: float = Field(0.8, ge=0, le=1, description="share of quoted speech that was said word for word")
    min_lines_told: float = Field(0.0, ge=0, le=1, description="share of the transcript's lines that are told; 0: off")
    max_problems: dict[ProblemKind, int] = Field(
        {}, description="most problems of a kind in the all-attribute caption and the others together: {quote_word: 0}"
    )
    languages: tuple[str, ...] = Field((), description="ISO 639-1; empty: off. A clip without speech has no language")
    min_speech: float = Field(0.0, ge=0, le=1, description="share of the clip in which somebody speaks; 0: off")
    max_speech: float = Field(1.0, ge=0, le=1, description="1: off")
    min_motion: float = Field(0.0, ge=0, description="frame widths per second, camera and things; 0: off")
    max_motion: float | None = Field(None, ge=0, description="None: off")
    max_bars: float = Field(1.0, ge=0, le=1, description="share of the picture that is black bars, over time; 1: off")
    max_sound_lag: float | None = Field(
        None, ge=0, description="s between the first frame and the first sample, by the source's own times; None: off"
    )
    max_content_lag: float | None = Field(
        None, ge=0, description="s between what is seen and what is heard, where onsets of both tell; None: off"
    )
    min_margin: float | None = Field(
        None, description="of a preference pair: by how much the chosen caption is better; None: not worse"
    )
    min_repetition_gain: float | None = Field(
        None, description="of a preference pair: by how much the chosen caption repeats itself less; below 0: more"
    )
    min_attributes: int = Field(0, ge=0, le=8, description="attributes that have a caption of their own; 0: off")
    min_completeness: int = Field(4, ge=1, le=5, description="by the judge, when there is one (AVoCaDO keeps 4 and 5)")


def reasons(
    clip: Formatted, limits: QualityLimits, decisions: Sequence[Decision] = (), completeness: int = 0
) -> list[Reason]:
    """All reasons to drop the clip, one for each rule; [] keeps it. `completeness` is 0 when nobody judged it."""
    found = [*_length(clip, limits), *_repetition(clip, limits), *_form(clip, limits), *_audit(clip, limits)]
    found += [
        *_quotes(clip, limits),
        *_proof(clip, limits),
        *_language(clip, limits),
        *_speech(clip, limits),
        *_motion(clip, limits),
    ]
    found += [
        *_bars(clip, limits),
        *_lag(clip, limits),
        *_pair(clip, limits),
        *_completeness(completeness, limits),
        *_attributes(clip, limits),
        *_corpus(decisions),
    ]
    details: dict[str, list[str]] = {}
    for rule, detail in found:
        details.setdefault(rule, []).append(detail)
    return [Reason(rule=rule, detail="; ".join(said)) for rule, said in details.items()]


Found = Iterator[tuple[str, str]]  # rule and detail


def _length(clip: Formatted, limits: QualityLimits) -> Found:
    count = words(clip.caption)
    if not limits.min_words <= count <= limits.max_words:
        yield "length", f"{count} words, wanted {limits.min_words} to {limits.max_words}"


def _repetition(clip: Formatted, limits: QualityLimits) -> Found:
    rate = captions.repetition.rate(clip.caption)
    if rate > limits.max_repetition:
        yield "repetition", f"{rate:.2f} of it stood there before, at most {limits.max_repetition:.2f}"


def _form(clip: Formatted, limits: QualityLimits) -> Found:
    for problem in clip.remaining:
        if problem.kind in limits.drop_problems:
            yield problem.kind, f"{problem.why}: {problem.snippet}" if problem.snippet else problem.why


def _audit(clip: Formatted, limits: QualityLimits) -> Found:
    """One fix clears one error, and only where the faulty words are gone."""
    if not isinstance(clip, Audited):
        return
    edits = clip.edits if isinstance(clip, Refined) else ()
    unfixed = [(audit.attribute, error) for audit in clip.audits for error in open_errors(audit, edits)]
    if len(unfixed) > limits.max_unfixed_errors:
        attribute, error = unfixed[0]
        yield "audit", f"{len(unfixed)} unfixed, first in {attribute}: {error.why}"


def _quotes(clip: Formatted, limits: QualityLimits) -> Found:
    if clip.quotes:
        share = fmean(quote.found for quote in clip.quotes)
        if share < limits.min_quotes_found:
            yield "quotes", f"{share:.2f} of the quoted speech was said, wanted {limits.min_quotes_found:.2f}"


def _proof(clip: Formatted, limits: QualityLimits) -> Found:
    """How exact the quotations are and how much of the speech is told, and how many problems of each kind are left."""
    case = captions.citations.CaptionCase(clip.caption, captions.grounds.grounds(clip))
    if limits.quote_exact and (share := captions.proof.quote_exact(case)) < limits.quote_exact:
        yield "quote_exact", f"{share:.2f} of the quoted speech was said word for word, wanted {limits.quote_exact:.2f}"
    if limits.min_lines_told:
        told, count = captions.rules.lines.told(case)
        if count and told / count < limits.min_lines_told:
            yield "lines_told", f"{told} of {count} lines are told, wanted a share of {limits.min_lines_told:.2f}"
    left = Counter(problem.kind for problem in clip.remaining)
    for kind, most in limits.max_problems.items():
        if left[kind] > most:
            yield kind, f"{left[kind]} of these, at most {most}"


def _language(clip: Formatted, limits: QualityLimits) -> Found:
    if limits.languages and clip.language and clip.language not in limits.languages:
        yield "language", clip.language


def _speech(clip: Formatted, limits: QualityLimits) -> Found:
    share = speech_share(clip)
    if not limits.min_speech <= share <= limits.max_speech:
        yield "speech", f"{share:.2f} of the clip, wanted {limits.min_speech:.2f} to {limits.max_speech:.2f}"


def _motion(clip: Formatted, limits: QualityLimits) -> Found:
    if not limits.min_motion and limits.max_motion is None:
        return
    if not clip.signal:
        yield "motion", "not measured"
        return
    value = motion(clip)
    if value < limits.min_motion:
        yield "motion", f"{value:.3f} frame widths per second, wanted {limits.min_motion:g}"
    elif limits.max_motion is not None and value > limits.max_motion:
        yield "motion", f"{value:.3f} frame widths per second, at most {limits.max_motion:g}"


def _bars(clip: Formatted, limits: QualityLimits) -> Found:
    share = bars_share(clip)
    if share > limits.max_bars:
        yield "bars", f"{share:.2f} of the picture is black bars, at most {limits.max_bars:.2f}"


def _lag(clip: Formatted, limits: QualityLimits) -> Found:
    if limits.max_sound_lag is not None and abs(clip.sound_lag or 0.0) > limits.max_sound_lag:
        yield "sound_lag", f"sound begins {clip.sound_lag:+.3f} s after the picture, at most {limits.max_sound_lag:g}"
    if limits.max_content_lag is not None and abs(clip.content_lag or 0.0) > limits.max_content_lag:
        lag, most = clip.content_lag, limits.max_content_lag
        yield "content_lag", f"what is heard comes {lag:+.3f} s after what is seen, at most {most:g}"


def _pair(clip: Formatted, limits: QualityLimits) -> Found:
    if not isinstance(clip, Preferred):
        return
    for rule, least in (("margin", limits.min_margin or 0.0), ("repetition_gain", limits.min_repetition_gain)):
        if least is not None and (value := getattr(clip, rule)) < least - 1e-9:
            yield rule, f"{value:.3f}, wanted {least:g}"


def _completeness(completeness: int, limits: QualityLimits) -> Found:
    if completeness and completeness < limits.min_completeness:
        yield "completeness", f"judged {completeness}, wanted {limits.min_completeness}"


def _attributes(clip: Formatted, limits: QualityLimits) -> Found:
    if limits.min_attributes:
        parts = getattr(clip, "captions", None)
        given = [name for name in ATTRIBUTES if parts and getattr(parts, name).strip()]
        if len(given) < limits.min_attributes:
            yield "attributes", f"{len(given)} have a caption, wanted {limits.min_attributes}"


def _corpus(decisions: Iterable[Decision]) -> Found:
    """What passes over the whole corpus decided: `rule:about` drops the clip by that rule."""
    for decision in decisions:
        rule, _, about = decision.value.partition(":")
        yield rule, " ".join(part for part in (about, decision.detail) if part)


def speech_share(clip: Clip) -> float:
    """Share of the clip's time in which somebody speaks; where two do it counts once."""
    spoken, until = 0.0, 0.0
    for utterance in sorted(clip.utterances, key=lambda utterance: utterance.start):
        end = min(utterance.end, clip.duration)
        spoken += max(0.0, end - max(utterance.start, until))
        until = max(until, end)
    return min(1.0, spoken / clip.duration) if clip.duration > 0 else 0.0


def motion(clip: Clip) -> float:
    """Mean over the clip of camera shift, zoom and what else moves, in frame widths (heights) per second."""
    moments = [abs(now.pan) + abs(now.tilt) + abs(now.zoom) + now.residual for now in clip.signal]
    return fmean(moments) if moments else 0.0


def bars_share(clip: Clip) -> float:
    """Share of the picture that is black bars, over the shots of which it is known, by their lengths."""
    shown = [(shot.end - shot.start, shot.bars) for shot in clip.shots if shot.bars]
    lasting = sum(length for length, _ in shown)
    inside = sum(length * (1 - bars.top - bars.bottom) * (1 - bars.left - bars.right) for length, bars in shown)
    return 1.0 - inside / lasting if lasting > 0 else 0.0
