"""From the voices of many windows to the speakers of a recording. Pure numpy."""

from __future__ import annotations

from itertools import product

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors to unit length."""
    units: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return units


def agglomerate(
    means: np.ndarray, sizes: np.ndarray, apart: np.ndarray, threshold: float, low: int = 1, high: int = 0
) -> np.ndarray:
    """Label per group (n,): average linkage on cosine distance, merging up to `threshold`.

    `means` (n, d) are means of unit vectors, `sizes` how many each stands for; the dot product of two means is the
    average cosine of their members, so that groups made earlier go on exactly. Groups that `apart`, bool (n, n), names
    never merge, nor does what they have become. Never fewer than `low` groups; above `high` (0: no limit) merging goes
    on past the threshold.
    """
    means, sizes = means.astype(np.float64), sizes.astype(np.float64)
    labels = np.arange(len(means))
    distances = 1.0 - means @ means.T
    distances[apart] = np.inf
    np.fill_diagonal(distances, np.inf)
    for groups in range(len(means), max(1, low), -1):
        one, other = np.unravel_index(np.argmin(distances), distances.shape)
        nearest = distances[one, other]
        if np.isinf(nearest) or (nearest > threshold and not 0 < high < groups):
            break
        total = sizes[one] + sizes[other]
        means[one] = (means[one] * sizes[one] + means[other] * sizes[other]) / total
        sizes[one] = total
        labels[labels == other] = one
        row = 1.0 - means @ means[one]
        row[np.isinf(distances[one]) | np.isinf(distances[other])] = np.inf
        distances[one], distances[:, one] = row, row
        distances[other], distances[:, other] = np.inf, np.inf
    return np.unique(labels, return_inverse=True)[1]


def assign(likeness: np.ndarray) -> np.ndarray:
    """Speaker of each voice of one window, (voices, speakers) -> (voices,): no two voices get the same speaker and the
    sum of likeness is highest; -1 for a voice that finds none left. A window has three voices at most: trying all is
    cheap."""
    voices, speakers = likeness.shape
    best = np.argsort(-likeness, axis=1, kind="stable")[:, :voices].tolist()  # n voices need no more than n candidates
    choices = [[*row, -1] if speakers < voices else row for row in best]

    def worth(choice: tuple[int, ...]) -> tuple[int, float]:
        taken = [(voice, speaker) for voice, speaker in enumerate(choice) if speaker >= 0]
        return len(taken), float(sum(likeness[pair] for pair in taken))

    valid = (c for c in product(*choices) if len({s for s in c if s >= 0}) == sum(s >= 0 for s in c))
    return np.array(max(valid, key=worth))
