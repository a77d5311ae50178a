"""See the whole video once: its shots, what the picture does, and some stills."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from asid.pipeline import media, vision
from asid.pipeline.media.process import MediaError
from asid.pipeline.rows import Frame, Shot, Split, Video, grow
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.vision.settings import ShotSettings

if TYPE_CHECKING:
    from asid.pipeline.media.stills import Still
    from asid.pipeline.media.timeline import Timeline

WORTH_SPARING = 200_000  # pixels: below, little is saved, and of a short video nothing
KEEPING = 4  # stills put into the run at a time: to a bucket each takes its while
SETTLING = 24  # frames after which candidates for stills, and cuts amid frames that were left out, are gone through


class SplitConfig(StageConfig):
    """Say how shots are found, and which stills are kept."""

    shots: ShotSettings = ShotSettings()
    still_every: float = Field(1.0, gt=0, description="seconds between stills, about")
    stills_per_shot: int = Field(3, ge=1, description="most stills kept of a shot of ordinary length")
    still_seconds: float = Field(4.0, gt=0, description="of a long shot one still is kept for each so many seconds")
    max_stills: int = Field(600, ge=1, description="most stills kept of a video")
    sparing: bool = Field(True, description="decode no frame that no other needs, where the codec tells")
    speed: float = Field(0.25, gt=0, description="slowest decoding that is waited for, as a share of real time")


class Splitter(Stage[Video, Split, SplitConfig]):
    """Find shots, camera motion and stills in one decode of the whole video."""

    name = "split"
    tools = ("ffmpeg", "ffprobe")
    version = 7

    @classmethod
    def packages(cls, config: SplitConfig) -> list[tuple[str, str]]:
        return list(vision.detectors.find_detector(config.shots.detector).packages)

    def open(self) -> None:
        import cv2

        cv2.setNumThreads(1)  # pictures are small here; it would take all CPUs of the node, in each of its workers

    @property
    def _threads(self) -> int:
        return max(1, round(self.config.resources.cpus))

    async def process(self, video: Video) -> Split:
        try:
            return await asyncio.to_thread(self._see, video)
        except MediaError as error:
            if error.kind == "no_tool":
                raise
            raise Unprocessable(str(error), error.kind) from error

    def _see(self, video: Video) -> Split:
        """What is seen does not depend on how many decode: where a quicker way fails, the next gives the same."""
        path, spares = self.context.storage.local(video.uri), self._spares(video)
        if self._threads > 1 and video.video_codec in media.parts.PARTED:
            with contextlib.suppress(media.feed.Unplaced):
                return self._watch(video, path, self._threads, by_packets=True, sparing=spares)
        if spares:
            with contextlib.suppress(media.feed.Unplaced):
                return self._watch(video, path, 1, by_packets=True, sparing=True)
        return self._watch(video, path, self._threads)

    def _spares(self, video: Video) -> bool:
        large = video.width * video.height >= WORTH_SPARING
        every = vision.detectors.find_detector(self.config.shots.detector).every_frame
        return self.config.sparing and large and video.video_codec in media.frames.SPARED and not every

    def _watch(
        self, video: Video, path: Path, threads: int, *, by_packets: bool = False, sparing: bool = False
    ) -> Split:
        config = self.config
        timeout = 60.0 + video.duration / config.speed

        def timeline() -> Timeline:
            return media.timeline.timeline_of(path, *media.probe.picture_start(path, known=video.shown_from))

        finder, meter = vision.shots.ShotFinder(config.shots), vision.motion.SignalMeter()
        bars, onsets = vision.bars.BarMeter(), vision.onsets.OnsetMeter()
        size = media.frames.still_size(video.width, video.height)
        with self.context.storage.scratch() as scratch, self.context.storage.scratch() as raw:
            album = media.stills.Album(Path(scratch), size, config.stills_per_shot, config.still_seconds / 2)
            candidates = Path(raw)
            decoding = media.frames.decode(
                path, video.width, video.height, timeout,
                stills=candidates, still_every=config.still_every, threads=threads,
                timeline=timeline if by_packets else None, sparing=sparing,
            )  # fmt: skip
            with media.gaps.Gaps(decoding, timeout) as gaps:
                for count, frame in enumerate(decoding.frames):
                    look = vision.likeness.Look(frame.index, frame.time, frame.gray, frame.blue, frame.red)
                    finder.add(look)
                    meter.add(look)
                    bars.add(look)
                    onsets.add(look)
                    if count % SETTLING == 0:
                        album.settle(decoding.stills(candidates), look.time - media.stills.LATE, finder.opening)
                        gaps.fill(finder.new_cuts(), look.index)
                shots = finder.finish(
                    video.duration, len(decoding.timeline.ticks) if sparing and decoding.timeline else 0
                )
                album.settle(decoding.stills(candidates), math.inf, finder.opening)
                cuts = [shot.first_frame for shot in shots if shot.opens_with == "cut"]
                shots = bars.of(vision.shots.moved(shots, gaps.places(cuts)))
            kept = choose(album.kept, shots, config.stills_per_shot, config.still_seconds, config.max_stills)
            with ThreadPoolExecutor(KEEPING) as pool:
                frames = tuple(pool.map(lambda still: self._keep(video, still), kept))
        return grow(
            video, Split, shots=shots, signal=tuple(meter.samples), frames=frames, detector=str(config.shots),
            onsets=onsets.beside(shot.start for shot in shots),
        )  # fmt: skip

    def _keep(self, video: Video, still: Still) -> Frame:
        import cv2

        time, file = still
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise MediaError(f"the still at {time:.3f} s cannot be read back", "undecodable")
        uri = f"run:media/frames/{video.id}/{round(time * 1000):08d}.jpg"
        self.context.storage.put_file(uri, file)
        return Frame(time=time, uri=uri, phash=vision.hashes.phash(picture))


def choose(stills: Sequence[Still], shots: Sequence[Shot], per_shot: int, seconds: float, most: int) -> list[Still]:
    """Stills spread evenly over each shot, away from its edges; at least one of a shot that has any."""
    times = [time for time, _ in stills]
    chosen: list[Still] = []
    for shot in shots:
        first, after = bisect.bisect_left(times, shot.start), bisect.bisect_left(times, shot.end)
        here = stills[first:after]
        count = min(len(here), max(per_shot, round((shot.end - shot.start) / seconds)))
        chosen += evenly(here, shot.start, shot.end, count)
    if len(chosen) > most:
        chosen = [chosen[(2 * place + 1) * len(chosen) // (2 * most)] for place in range(most)]
    return chosen


def evenly(stills: Sequence[Still], start: float, end: float, count: int) -> list[Still]:
    """`count` of the stills, the nearest to the middles of as many equal parts of start to end, none twice."""
    times = [time for time, _ in stills]
    chosen: list[Still] = []
    first = 0
    for place in range(count):
        middle = start + (2 * place + 1) / (2 * count) * (end - start)
        at = bisect.bisect_left(times, middle, first, len(times) - (count - place))  # the rest need theirs
        if at > first and middle - times[at - 1] <= times[at] - middle:
            at -= 1
        chosen.append(stills[at])
        first = at + 1
    return chosen
