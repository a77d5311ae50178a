"""The only code that runs ffmpeg and ffprobe. Every file is hostile until its probe has been checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asid.pipeline import late

if TYPE_CHECKING:
    from asid.pipeline.media import cutting, decode, feed, filters, frames, gaps, parts, probe, stills, timeline

__all__ = ["cutting", "decode", "feed", "filters", "frames", "gaps", "parts", "probe", "stills", "timeline"]

if not TYPE_CHECKING:  # or every name would be a module, for who checks types
    __getattr__ = late.modules(__name__, __all__)
