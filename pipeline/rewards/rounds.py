"""Preference pairs of MrDPO's rounds, and gDPO's loss (video-SALMONN 2, section 3.4 and appendix).

Two captions of a video, sampled from the model of the round before, become a pair when the better one has less total
error by at least Δe and repeats itself less by at least Δr. In each round the reference is the policy before it; the
loss adds λ x the mean token negative log-likelihood of the *ground-truth* caption, not of the chosen one, so that
`rpo_alpha` (ms-swift) and `pref_ftx` (LLaMA-Factory), which weigh the chosen one, are another loss.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

BETA, LAMBDA = 0.1, 0.1


@dataclass(frozen=True, slots=True)
class PairThresholds:
    """The least margins of a pair, as fractions: of total error, and of repetition (below 0: the chosen caption may
    repeat itself more)."""

    error: float
    repetition: float


# Rounds 1 to 6.
ROUNDS = (PairThresholds(0.05, 0.01), PairThresholds(0.20, -0.01), *[PairThresholds(0.23, -0.01)] * 4)


@dataclass(frozen=True, slots=True)
class RatedCaption:
    """A caption with its total error (Miss + Hall) and repetition rate; `error` None where no judge answered."""

    text: str
    error: float | None
    repetition: float


@dataclass(frozen=True, slots=True)
class CaptionPair:
    """Two captions of one video with their margins."""

    video: str
    chosen: RatedCaption
    rejected: RatedCaption
    error_margin: float
    repetition_margin: float


@dataclass(frozen=True)
class RoundPairs:
    """The pairs of a round, and how many videos gave none, by reason."""

    pairs: tuple[CaptionPair, ...]
    left_out: dict[str, int]


def thresholds(number: int) -> PairThresholds:
    """Give the published thresholds of round 1, 2, …; from 3 on they stay. Raises ValueError below 1."""
    if number < 1:
        raise ValueError(f"there is no round {number}: they are numbered from 1")
    return ROUNDS[min(number, len(ROUNDS)) - 1]


def pairs(samples: Iterable[tuple[str, Sequence[RatedCaption]]], least: PairThresholds) -> RoundPairs:
    """Choose pairs among each video's samples: the caption of least error against that of most."""
    made: list[CaptionPair] = []
    left_out: Counter[str] = Counter()
    for video, captions in samples:
        one = _pair(video, captions, least)
        if isinstance(one, CaptionPair):
            made.append(one)
        else:
            left_out[one] += 1
    return RoundPairs(tuple(made), dict(sorted(left_out.items())))


def _pair(video: str, captions: Sequence[RatedCaption], least: PairThresholds) -> CaptionPair | str:
    """A pair, or why there is none."""
    rated = sorted((one for one in captions if one.error is not None), key=lambda one: one.error or 0.0)
    if len(rated) < 2:
        return "fewer than two captions with a verdict"
    chosen, rejected = rated[0], rated[-1]
    if chosen.text == rejected.text:
        return "the captions are the same"
    error = (rejected.error or 0.0) - (chosen.error or 0.0)
    repetition = rejected.repetition - chosen.repetition
    if error < least.error - 1e-9:
        return "the margin of error is too small"
    if repetition < least.repetition - 1e-9:
        return "the margin of repetition is too small"
    return CaptionPair(video, chosen, rejected, error, repetition)


def gdpo_loss(
    policy_chosen: Any,
    policy_rejected: Any,
    reference_chosen: Any,
    reference_rejected: Any,
    truth_nll: Any,
    beta: float = BETA,
    weight: float = LAMBDA,
) -> Any:
    """Give gDPO's loss: -log sigmoid(β x margin) + λ x `truth_nll`.

    The first four are sums of log-probabilities of whole answers, `truth_nll` is the mean negative log-likelihood of
    the ground-truth caption's tokens. All are floats, or torch tensors of one shape. (Eq. 9 of the paper prints the
    last term with the wrong sign; its code adds it.)
    """
    margin = beta * ((policy_chosen - policy_rejected) - (reference_chosen - reference_rejected))
    if isinstance(margin, (int, float)):
        loss: Any = max(0.0, -margin) + math.log1p(math.exp(-abs(margin)))
    else:
        import torch

        loss = torch.nn.functional.softplus(-margin)
    return loss + weight * truth_nll
