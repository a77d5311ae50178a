"""Which filters make a picture one that everyone can play."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.media.filters import BT709, clip_size, picture_filters, to_sdr
from asid.pipeline.media.probe import Probe


def picture(**changed: Any) -> Probe:
    usual: dict[str, Any] = {
        "container": "mov", "index": 0, "start": 0.0, "duration": 1.0, "frames": 25, "fps": 25.0, "vfr": False,
        "width": 640, "height": 360, "coded_width": 640, "coded_height": 360, "sar": 1.0, "rotation": 0,
        "codec": "h264", "pixel_format": "yuv420p", "transfer": "", "primaries": "", "matrix": "", "hdr": False,
        "field_order": "progressive", "interlaced": False, "audio": (),
    }  # fmt: skip
    return Probe(**(usual | changed))


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_a_clip_is_even_and_loses_no_more_than_a_line(width: int, height: int) -> None:
    wide, high = clip_size(picture(width=width, height=height))
    assert wide % 2 == high % 2 == 0
    assert wide == max(2, width - width % 2)
    assert high == max(2, height - height % 2)


def test_a_usual_picture_is_only_put_into_its_form() -> None:
    assert picture_filters(picture()) == ["scale=640:360", "setsar=1", "format=yuv420p"]


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ({"interlaced": True}, "bwdif"), ({"pixel_format": "yuva420p"}, "format=gbrap,premultiply"),
        ({"width": 641}, "crop=trunc(iw/2)*2"), ({"pixel_format": "rgba"}, "format=gbrap,premultiply"),
        ({"pixel_format": "pal8"}, "format=gbrap,premultiply"),
        ({"hdr": True, "transfer": "smpte2084", "pixel_format": "yuv420p10le"}, "setparams=color_trc=smpte2084"),
    ],
)  # fmt: skip
def test_what_is_unusual_is_mended_first(changed: dict[str, Any], first: str) -> None:
    filters = picture_filters(picture(**changed))
    assert filters[0].startswith(first)
    assert [one for one in filters if one.startswith("scale=")] == [filters[-4 if filters[-1] == BT709 else -3]]


@pytest.mark.parametrize("changed", [{"width": 641, "sar": 1.5}, {"width": 1}, {"width": 641, "height": 1}])
def test_stretched_and_one_line_pictures_are_scaled_and_not_cropped(changed: dict[str, Any]) -> None:
    assert not any(one.startswith("crop") for one in picture_filters(picture(**changed)))


@pytest.mark.parametrize(
    ("form", "colours", "marked"),
    [("yuv420p", "scale=640:360", False), ("yuvj420p", "scale=640:360:out_range=tv", False),
     ("gbrp", "scale=640:360:out_color_matrix=bt709:out_range=tv", True),
     ("bgr24", "scale=640:360:out_color_matrix=bt709:out_range=tv", True)],
)  # fmt: skip
def test_colours_are_told_where_they_are_turned_into_luma(form: str, colours: str, marked: bool) -> None:
    filters = picture_filters(picture(pixel_format=form))
    assert colours in filters
    assert (filters[-1] == BT709) is marked


@pytest.mark.parametrize(
    ("told", "primaries", "matrix"),
    [
        ({"primaries": "bt2020", "matrix": "bt2020nc"}, "bt2020", "bt2020nc"), ({}, "bt2020", "bt2020nc"),
        ({"primaries": "smpte432", "matrix": "bt709"}, "smpte432", "bt709"),
        ({"primaries": "reserved", "matrix": "unknown"}, "bt2020", "bt2020nc"),
        ({"pixel_format": "gbrp10le", "matrix": "bt709"}, "bt2020", "gbr"),
    ],
)  # fmt: skip
def test_hdr_whose_colours_are_not_told_is_taken_for_bt_2020(told: dict[str, str], primaries: str, matrix: str) -> None:
    chain = to_sdr(picture(hdr=True, transfer="arib-std-b67", **told))
    assert chain.startswith(f"setparams=color_trc=arib-std-b67:color_primaries={primaries}:colorspace={matrix},")
    assert chain.endswith("format=yuv420p")
