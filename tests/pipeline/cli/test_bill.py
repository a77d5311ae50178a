"""What was spent, as people read it."""

from __future__ import annotations

from rich.console import Console

from asid.pipeline.cli.bill import table
from asid.pipeline.models.base import Usage
from asid.pipeline.models.spend import Line


def printed(**usage: float) -> str:
    used = Usage(input_tokens=1000, output_tokens=10, **usage)  # type: ignore[arg-type]
    console = Console(width=240)
    with console.capture() as found:
        console.print(table([Line("audit", "strong", "scene", 8, 0, 8, used, 0.01, 1.0)]))
    return " ".join(found.get().split())


def test_explicit_caches_are_told_and_those_that_failed() -> None:
    assert "caches" not in printed()
    told = printed(stored_tokens=9000, stored_token_hours=12.5, uncached=2)
    assert "9000 tokens went into explicit caches" in told
    assert "2 explicit caches could not be made or were gone: their requests went out plain" in told
