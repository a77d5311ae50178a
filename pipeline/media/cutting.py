"""Cutting spans out of a file. Second 0 is when the picture is first shown, in the source and in each clip.

`encode` decodes and encodes the whole picture once, with a keyframe forced at each span's first frame, and parts the
stream there; the sound is decoded in the same pass. Each part is then joined with its own sound, cut to the sample. A
frame is in the clip in which it begins; a clip that begins between two frames shows its first one from its start on.
`copy` takes the packets as they are from the keyframe before the span, and measures where in the new file the span
begins. `virtual` makes no file: the span is a place in the source.
"""

from __future__ import annotations

import errno
import shutil
from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from asid.pipeline.media.decode import evenly
from asid.pipeline.media.filters import clip_size, picture_filters
from asid.pipeline.media.probe import AudioTrack, Probe
from asid.pipeline.media.process import MediaError, input_arguments, run
from asid.pipeline.media.settings import CutSettings
from asid.pipeline.media.timeline import Timeline
from asid.pipeline.rows import Record, Span

RATES = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}  # AAC's
IN_MP4 = {"h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "opus", "ac3", "eac3", "flac"}
NO_SIGNATURE = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1")
RUN_UP = 2.0  # s of sound read before a span, so that a rough seek does no harm
NO_SOUND = 4096  # bytes; what is shorter has nothing that can be heard, or nothing that decodes
SPARE = 64 << 20  # bytes that must stay free


class Piece(Record):
    """A clip as made. `path` is None for a virtual one. `offset`: where the span begins in the file, in seconds from
    when the file's picture is first shown, as all times here. `width` and `height` as displayed."""

    path: Path | None
    offset: float
    width: int
    height: int
    sound: bool


def cut(
    path: Path,
    spans: Sequence[Span],
    folder: Path,
    settings: CutSettings,
    found: Probe,
    timeline: Timeline,
    *,
    timeout: float,
    max_bytes: int = 8 << 30,
) -> list[Piece | None]:
    """One piece for each span, in order, with its file in `folder`; None where no frame of the span decodes.

    `spans` are sorted and apart; `timeout` in seconds for the whole picture, and again for each clip's own finish;
    `max_bytes` for any one file. Raises MediaError, and OSError when the disk is too full to begin, or fills up.
    """
    if not spans:
        return []
    if settings.method == "virtual":
        size = {"width": found.width, "height": found.height}
        return [Piece(path=None, offset=span.start, **size, sound=bool(found.audio)) for span in spans]
    _check_space(path, folder, found)
    work = _Work(path, folder, settings, found, timeline, timeout, max_bytes)
    try:
        return work.encode(spans) if settings.method == "encode" else [work.copy(n, s) for n, s in enumerate(spans)]
    except MediaError as error:
        if shutil.disk_usage(folder).free < 1 << 20:
            raise OSError(errno.ENOSPC, f"the disk filled up while cutting: {error}") from error
        raise


def extension(settings: CutSettings, found: Probe) -> str:
    """Of the clips' files: mp4, or mkv for copies of what mp4 does not hold."""
    codecs = {found.codec, *(track.codec for track in found.audio[:1])}
    return "mp4" if settings.method != "copy" or codecs <= IN_MP4 else "mkv"


def sound_of(found: Probe) -> AudioTrack | None:
    """The track that is heard: the default one, else the first."""
    return next((track for track in found.audio if track.default), found.audio[0] if found.audio else None)


def _check_space(path: Path, folder: Path, found: Probe) -> None:
    track = sound_of(found)
    sound = found.duration * track.rate * min(2, track.channels) * 2 if track else 0
    needed = 2 * path.stat().st_size + int(sound) + SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        told = f"cutting needs about {needed >> 20} MiB of free disk; there are {free >> 20} MiB"
        raise OSError(errno.ENOSPC, told)


class _Work:
    """One file being cut."""

    def __init__(
        self,
        path: Path,
        folder: Path,
        settings: CutSettings,
        found: Probe,
        timeline: Timeline,
        timeout: float,
        max_bytes: int,
    ):
        self.path, self.folder, self.settings = path, folder, settings
        self.found, self.timeline = found, timeline
        self.timeout, self.max_bytes = timeout, max_bytes
        self.track = sound_of(found)
        self.size = clip_size(found)

    def run(self, *arguments: str) -> None:
        run(["ffmpeg", "-y", *arguments], self.timeout, max_file=self.max_bytes)

    # --- encode --------------------------------------------------------------------------------------------------

    def encode(self, spans: Sequence[Span]) -> list[Piece | None]:
        """Parts are told from each other by when they begin. Where a span has none, its keyframe was missed and the
        parts after it may be wrong: the pass is run again without such spans."""
        openings = [self._opening(span) for span in spans]
        parts: dict[int, tuple[float, Path]] = {}
        listed = self._parts(spans, openings)
        for begin, part in listed:
            parts[max(0, bisect_right(openings, begin + 1e-6) - 1)] = (begin, part)
        if len(parts) < len(spans):
            rest = iter(self.encode([span for n, span in enumerate(spans) if n in parts]))
            return [next(rest) if n in parts else None for n in range(len(spans))]
        if len(listed) > len(spans):
            raise MediaError(f"{len(listed)} parts came out for {len(spans)} clips", "undecodable")
        with ThreadPoolExecutor(self.settings.threads) as pool:  # each is short and takes one thread
            return list(pool.map(lambda n: self._finish(n, spans[n], *parts[n]), range(len(spans))))

    def _opening(self, span: Span) -> float:
        """Between the last frame before the span and its first: the keyframe is safely the one after that."""
        ticks = self.timeline.ticks
        at = int(ticks.searchsorted(self.timeline.tick(span.start)))
        if not 0 < at < len(ticks):
            return span.start
        return (self.timeline.seconds(int(ticks[at - 1])) + self.timeline.seconds(int(ticks[at]))) / 2

    def _parts(self, spans: Sequence[Span], openings: Sequence[float]) -> list[tuple[float, Path]]:
        """The whole picture, encoded, parted at the spans: when each part begins, and its file. The sound beside it."""
        base, start, head = self.timeline.base, int(self.timeline.ticks[0]), self.timeline.tick(spans[0].start)
        zero = self.timeline.seconds(head)
        cuts = ",".join(f"{opening - zero:.6f}" for opening in openings[1:])
        chosen = f"select='{_chosen(spans, self.timeline)}*(isnan(prev_selected_pts)+gt(pts,prev_selected_pts))'"
        filters = [chosen, f"setpts=PTS-{head}", *picture_filters(self.found), f"settb={base}"]
        listing = self.folder / "parts.csv"
        command = [
            *("-copyts", *input_arguments(self.path, "-threads", str(self.settings.threads))),
            *("-map", f"0:{self.found.index}", "-vf", ",".join(filters), "-fps_mode", "passthrough"),
            *("-enc_time_base", f"{base.numerator}:{base.denominator}", *self._encoder()),
            *(("-force_key_frames", cuts, "-segment_times", cuts) if cuts else ("-segment_time", "1000000")),
            *("-avoid_negative_ts", "disabled", "-f", "segment", "-reset_timestamps", "1", "-segment_format", "mp4"),
            *("-segment_list", str(listing), "-segment_list_type", "csv"),
            str(self.folder).replace("%", "%%") + "/part%d.mp4",
        ]
        if self.track:
            even = f"{evenly(self.track.channels, 2)}," if self.track.even else ""
            clock = f"{even}asetpts=round(PTS-({float(start * base):.9f})/TB),{self._continuous()},atrim=start_pts=0"
            layout = ("-ar", str(self._rate()), "-ac", str(self._channels()))
            command += ["-map", f"0:{self.track.index}", "-af", clock, "-c:a", "pcm_s16le", *layout]
            command += ["-avoid_negative_ts", "disabled", "-f", "nut", str(self.folder / "sound.nut")]
        self.run(*command)
        listed = [line.split(",") for line in listing.read_text().splitlines()]
        parts = [(float(begin) + zero, self.folder / name) for name, begin, _ in listed]
        return [(zero + _first_shown(part), part) for _, part in parts[:1]] + parts[1:]  # the list calls the first 0

    def _encoder(self) -> list[str]:
        settings = self.settings
        common = ["-preset", settings.preset, "-pix_fmt", "yuv420p", "-forced-idr", "1"]
        if settings.encoder == "h264_nvenc":
            return ["-c:v", "h264_nvenc", *common, "-rc", "vbr", "-cq", str(settings.quality), "-b:v", "0"]
        return ["-c:v", "libx264", *common, "-crf", str(settings.quality), "-threads", str(settings.threads)]

    def _finish(self, number: int, span: Span, begin: float, part: Path) -> Piece:
        """The part's packets with exact times, and its sound."""
        target = self.folder / f"clip{number:05d}.mp4"
        ticks = self.timeline.tick(span.end) - self.timeline.tick(span.start)
        late = max(0.0, begin - span.start)  # the list of parts is exact to a microsecond
        shown = f"if(N,PTS-STARTPTS+round({late if late > 1e-6 else 0:.9f}/TB),0)"
        # The muxer takes the track's end from the last packet's duration, by its decoding time or by its showing.
        lasting = f"max(1,round({float(ticks * self.timeline.base):.9f}/TB)-max({shown},DTS-STARTDTS))"
        exact = f"setts=pts='{shown}':dts=DTS-STARTPTS:duration='{lasting}'"
        source, heard = self._sound(span) if self.track else ([], [])
        self.run(
            *(*input_arguments(part), *source, "-map", "0:v", "-c:v", "copy", "-bsf:v", exact, *heard, *NO_SIGNATURE),
            *("-movflags", "+faststart", "-movie_timescale", "48000", "-f", "mp4", str(target)),
        )
        part.unlink()
        return Piece(path=target, offset=0.0, width=self.size[0], height=self.size[1], sound=bool(self.track))

    def _sound(self, span: Span) -> tuple[list[str], list[str]]:
        """Input, and output, that give exactly the samples of the span; silence where the track has none."""
        rate, channels, track = self._rate(), self._channels(), self.folder / "sound.nut"
        encoder = ["-map", "[sound]", "-c:a", "aac", "-b:a", f"{self.settings.audio_kbps}k", "-ac", str(channels)]
        first, last = round(span.start * rate), round(span.end * rate)
        if track.stat().st_size < NO_SOUND:
            layout = "mono" if channels == 1 else "stereo"
            return ["-filter_complex", f"anullsrc=r={rate}:cl={layout},atrim=end_sample={last - first}[sound]"], encoder
        seek = ["-ss", f"{span.start - RUN_UP:.6f}"] if span.start > RUN_UP else []
        filters = (
            f"[1:a]{self._continuous()}:first_pts={first},atrim=end_pts={last},"
            f"asetpts=PTS-STARTPTS,apad=whole_len={last - first}[sound]"
        )
        return ["-copyts", *input_arguments(track, *seek), "-filter_complex", filters], encoder

    def _continuous(self) -> str:
        """Time stamps that jitter, as Matroska's whole milliseconds do, move no sample; holes are filled with zeros."""
        return f"aresample={self._rate()}:min_comp=0.00001:min_hard_comp=0.1"

    def _rate(self) -> int:
        return self.track.rate if self.track and self.track.rate in RATES else 48000

    def _channels(self) -> int:
        return 1 if self.track and self.track.channels == 1 else 2

    # --- copy ----------------------------------------------------------------------------------------------------

    def copy(self, number: int, span: Span) -> Piece:
        """From the last keyframe before the span, or an earlier one where the container seeks so; `offset` is measured
        from the packet that was really the first."""
        timeline = self.timeline
        target = self.folder / f"clip{number:05d}.{extension(self.settings, self.found)}"
        stamp = self.folder / "first.txt"
        keys = timeline.ticks[timeline.keys & (timeline.ticks <= timeline.tick(span.start))]
        seek = float(keys[-1] * timeline.base) if len(keys) else 0.0
        streams = ["-map", f"0:{self.found.index}", *(("-map", f"0:{self.track.index}") if self.track else ())]
        until = float(timeline.tick(span.end) * timeline.base)
        self.run(
            *("-copyts", *input_arguments(self.path, "-seek_timestamp", "1", "-ss", f"{seek:.6f}")),
            *(*streams, "-to", f"{until:.6f}", "-c", "copy", *NO_SIGNATURE, "-avoid_negative_ts", "make_zero"),
            *(("-movflags", "+faststart") if target.suffix == ".mp4" else ()), str(target),
            *(*streams[:2], "-c", "copy", "-frames:v", "1", "-avoid_negative_ts", "disabled", "-f", "framecrc"),
            str(stamp),
        )  # fmt: skip
        packet = next(line for line in stamp.read_text().splitlines() if not line.startswith("#"))
        before = span.start - timeline.seconds(int(packet.split(",")[2]))
        return Piece(
            path=target,
            offset=before,
            width=self.found.width,
            height=self.found.height,
            sound=bool(self.track),
        )


def _first_shown(file: Path) -> float:
    """When the first packet of the picture is shown, in seconds of the file's playing time."""
    options = (
        "-select_streams",
        "v:0",
        "-read_intervals",
        "%+#1",
        "-show_entries",
        "packet=pts_time",
        "-of",
        "csv=p=0",
    )
    return float(run(["ffprobe", *input_arguments(file), *options], 30).split(b"\n")[0].strip(b", \r"))


def _chosen(spans: Sequence[Span], timeline: Timeline) -> str:
    """An expression that is 1 for frames inside the spans: a search tree, as ffmpeg's parser goes only so deep."""
    bounds: list[int] = []  # in and out by turns
    for span in spans:
        first, end = timeline.tick(span.start), timeline.tick(span.end)
        if bounds and bounds[-1] >= first:
            bounds[-1] = end
        else:
            bounds += [first, end]
    if bounds[-1] >= timeline.end:
        bounds.pop()  # a container that gives no times for its last frames has them a little late

    def tree(low: int, high: int) -> str:
        """`low`, `high`: how many bounds a frame has behind it, at least and at most."""
        if low == high:
            return str(low % 2)
        middle = (low + high) // 2
        return f"if(lt(pts,{bounds[middle]}),{tree(low, middle)},{tree(middle + 1, high)})"

    return tree(0, len(bounds))
