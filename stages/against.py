"""Clips that show what an evaluation benchmark shows, so that nothing is trained on that is tested (AVC-DPO, 3.1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from asid.pipeline import inputs, vision
from asid.pipeline.inputs.base import InputConfig
from asid.pipeline.media.process import MediaError
from asid.pipeline.rows import Clip, Decision, Failure
from asid.pipeline.stage import CorpusPass, StageConfig, Unprocessable

if TYPE_CHECKING:
    from asid.pipeline.vision.prints import Print

TIMEOUT = 1800.0  # s for one video


class AgainstConfig(StageConfig):
    """Says which videos must not be shown, and how near is near."""

    FILES: ClassVar[frozenset[str]] = frozenset({"videos"})

    videos: tuple[str, ...] = Field(min_length=1, description="the benchmark's: folders, lists, addresses")
    rate: float = Field(4.0, gt=0, le=25, description="stills a second of a benchmark's video")
    max_distance: float = Field(10.0, ge=0, le=64, description="mean bits of 64 in which the stills may differ")
    min_common: float = Field(0.5, gt=0, le=1, description="share of the clip, or of the benchmark's video, in common")


class Against(CorpusPass[Clip, AgainstConfig]):
    """Finds exact copies by the bytes' hash, others by their stills. A video of the benchmark that cannot be read ends
    the pass: a clip of it might stay unnoticed."""

    name = "against"
    columns = ("id", "sha256", "frames.list.element.time", "frames.list.element.phash")

    def decide(self, rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
        import numpy as np

        prints, exact = self._prints()
        library = vision.prints.Library(prints)
        for row in rows:
            if name := exact.get(row["sha256"]):
                yield Decision(id=row["id"], value=f"benchmark:{name}", detail="the same bytes")
                continue
            times = np.array([frame["time"] for frame in row["frames"]], np.float64)
            hashes = np.array([int(frame["phash"], 16) for frame in row["frames"]], np.uint64)
            if found := library.find(times, hashes, self.config.max_distance, self.config.min_common):
                detail = f"{found.stills} stills differ by {found.distance:.1f} of 64 bits, {found.shift:+.1f} s apart"
                yield Decision(id=row["id"], value=f"benchmark:{found.name}", detail=detail)

    def _prints(self) -> tuple[list[Print], dict[str, str]]:
        """The benchmark's videos, and the names of their bytes. Raises Unprocessable."""
        prints, exact = [], {}
        given = [InputConfig(path=path) for path in self.config.videos]
        for row in inputs.listing.list_inputs(given, self.context.storage):
            if isinstance(row, Failure):
                raise Unprocessable(f"a benchmark's video cannot be listed: {row.reason}", "benchmark")
            path = self.context.storage.local(row.uri)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            exact[sha256] = row.name
            prints.append(self._print(row.name, row.uri, sha256))
        return prints, exact

    def _print(self, name: str, uri: str, sha256: str) -> Print:
        import numpy as np

        storage, kept = self.context.storage, f"run:prints/{sha256}-{self.config.rate:g}.json"
        if storage.exists(kept):
            values = json.loads(storage.read(kept))
            return vision.prints.Print(name, np.array(values["times"]), np.array(values["hashes"], np.uint64))
        try:
            found = vision.prints.print_of(storage.local(uri), name, self.config.rate, TIMEOUT)
        except MediaError as error:
            raise Unprocessable(f"the benchmark's video {name} cannot be read: {error}", "benchmark") from error
        values = {"times": found.times.tolist(), "hashes": found.hashes.tolist()}
        storage.write(kept, json.dumps(values).encode())
        return found
