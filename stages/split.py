"""See the whole video once: its shots, what the picture does, and some stills."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Sequence
from pathlib import Path

import cv2
from pydantic import Field

from pipeline.looks import Look
from pipeline.media.frames import decode
from pipeline.media.process import MediaError
from pipeline.phash import phash
from pipeline.rows import Frame, Shot, Split, Video, grow
from pipeline.shots import ShotFinder, ShotSettings
from pipeline.signal import SignalMeter
from pipeline.stage import Stage, StageConfig, Unprocessable

Still = tuple[float, Path]


class SplitConfig(StageConfig):
    shots: ShotSettings = ShotSettings()
    still_every: float = Field(1.0, gt=0, description="seconds between stills, about")
    stills_per_shot: int = Field(3, ge=1, description="most stills kept of a shot of ordinary length")
    still_seconds: float = Field(4.0, gt=0, description="of a long shot one still is kept for each so many seconds")
    max_stills: int = Field(600, ge=1, description="most stills kept of a video")
    speed: float = Field(0.25, gt=0, description="slowest decoding that is waited for, as a share of real time")


class Splitter(Stage[Video, Split, SplitConfig]):
    name = "split"
    version = 1

    async def process(self, video: Video) -> Split:
        try:
            return await asyncio.to_thread(self._see, video)
        except MediaError as error:
            raise Unprocessable(str(error), error.kind) from error

    def _see(self, video: Video) -> Split:
        config, storage = self.config, self.context.storage
        timeout = 60.0 + video.duration / config.speed
        finder, meter = ShotFinder(config.shots), SignalMeter()
        with storage.scratch() as folder:
            decoding = decode(
                storage.local(video.uri), video.width, video.height, timeout,
                stills=Path(folder), still_every=config.still_every,
            )  # fmt: skip
            for frame in decoding.frames:
                look = Look(frame.index, frame.time, frame.gray, frame.blue, frame.red)
                finder.add(look)
                meter.add(look)
            shots = finder.finish(video.duration)
            kept = choose(decoding.stills, shots, config.stills_per_shot, config.still_seconds, config.max_stills)
            frames = tuple(self._keep(video, still) for still in kept)
        return grow(
            video, Split, shots=shots, signal=tuple(meter.samples), frames=frames, detector=str(config.shots)
        )  # fmt: skip

    def _keep(self, video: Video, still: Still) -> Frame:
        time, file = still
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise MediaError(f"the still at {time:.3f} s cannot be read back", "undecodable")
        uri = f"run:media/frames/{video.id}/{round(time * 1000):08d}.jpg"
        self.context.storage.put_file(uri, file)
        return Frame(time=time, uri=uri, phash=phash(picture))


def choose(stills: Sequence[Still], shots: Sequence[Shot], per_shot: int, seconds: float, most: int) -> list[Still]:
    """Stills spread evenly over each shot, away from its edges; at least one of a shot that has any."""
    times = [time for time, _ in stills]
    chosen: list[Still] = []
    for shot in shots:
        first, after = bisect.bisect_left(times, shot.start), bisect.bisect_left(times, shot.end)
        here = stills[first:after]
        count = min(len(here), max(per_shot, round((shot.end - shot.start) / seconds)))
        chosen += [here[(2 * place + 1) * len(here) // (2 * count)] for place in range(count)]
    if len(chosen) > most:
        chosen = [chosen[(2 * place + 1) * len(chosen) // (2 * most)] for place in range(most)]
    return chosen
