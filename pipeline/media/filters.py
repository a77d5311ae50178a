"""From a source's picture, whatever it is, to frames that H.264 in yuv420p can hold and everyone can play."""

from __future__ import annotations

from functools import cache

from asid.pipeline.media.probe import Probe
from asid.pipeline.media.process import run

RGB = ("rgb", "bgr", "gbr", "0rgb", "0bgr", "argb", "abgr", "pal8")
ALPHA = ("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8")
BT709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
# What zscale has a way from, by ffprobe's names.
_PRIMARIES = "bt709 bt470m bt470bg smpte170m smpte240m film bt2020 smpte428 smpte431 smpte432 jedec-p22 ebu3213"
PRIMARIES = frozenset(_PRIMARIES.split())
_MATRICES = "bt709 fcc bt470bg smpte170m smpte240m ycgco bt2020nc chroma-derived-nc chroma-derived-c ictcp"
MATRICES = frozenset(_MATRICES.split())
TO_SDR = (
    "setparams=color_trc={transfer}:color_primaries={primaries}:colorspace={matrix},"
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)


def clip_size(found: Probe) -> tuple[int, int]:
    """Width and height of a clip: as displayed, made even by leaving out a last column or row."""
    return max(2, found.width & ~1), max(2, found.height & ~1)


def picture_filters(found: Probe) -> list[str]:
    """ffmpeg's filters for a picture that it has turned upright already. Frames keep their number and their times."""
    width, height = clip_size(found)
    filters = []
    if found.interlaced:
        filters.append("bwdif=mode=send_frame:deint=interlaced")
    if found.pixel_format.startswith(ALPHA):
        filters.append("format=gbrap,premultiply=inplace=1,format=gbrp")  # transparent becomes black
    if found.sar == 1 and min(found.width, found.height) > 1 and (found.width % 2 or found.height % 2):
        filters.append("crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0")
    if found.hdr and can_tonemap():
        filters.append(to_sdr(found))
    rgb = found.pixel_format.startswith((*RGB, *ALPHA))
    colours = ":out_color_matrix=bt709:out_range=tv" if rgb else ":out_range=tv" if "yuvj" in found.pixel_format else ""
    filters += [f"scale={width}:{height}{colours}", "setsar=1", "format=yuv420p"]
    return [*filters, BT709] if rgb else filters


def to_sdr(found: Probe) -> str:
    """Filters from HDR to BT.709. What is not told of its colours is taken for BT.2020, as what records HDR has it."""
    primaries = found.primaries if found.primaries in PRIMARIES else "bt2020"
    matrix = found.matrix if found.matrix in MATRICES else "bt2020nc"
    if found.pixel_format.startswith((*RGB, *ALPHA[1:])):
        matrix = "gbr"
    return TO_SDR.format(transfer=found.transfer, primaries=primaries, matrix=matrix)


@cache
def can_tonemap() -> bool:
    """Whether this ffmpeg can turn HDR into SDR. Without, the colours of an HDR picture come out pale."""
    listed = run(["ffmpeg", "-filters"], 30).decode()
    return all(f" {name} " in listed for name in ("zscale", "tonemap"))
