"""What the manifest's `inputs` hold: files, lists, tars, tables and datasets of the Hub become rows to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asid.pipeline import late

if TYPE_CHECKING:
    from asid.pipeline.inputs import hub, listing, tars

__all__ = ["hub", "listing", "tars"]

if not TYPE_CHECKING:  # or every name would be a module, for who checks types
    __getattr__ = late.modules(__name__, __all__)
