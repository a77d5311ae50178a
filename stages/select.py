"""Which clips are worth paying for: so many of each kind, drawn by the seed. `take` after it sets the others aside."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from asid.pipeline.chance import draw
from asid.pipeline.clips.traits import COLUMNS, TRAITS, cell, disagreements
from asid.pipeline.rows import Clip, Decision
from asid.pipeline.stage import CorpusPass, StageConfig
from asid.pipeline.text import plural

logger = logging.getLogger("asid")


class SelectConfig(StageConfig):
    """Says how many clips of each kind are wanted, and what a kind is."""

    by: tuple[str, ...] = Field(min_length=1, description=f"traits of a clip: {', '.join(TRAITS)}, or a tag's name")
    quota: int | dict[str, int | float] = Field(
        description="clips of each kind; or of each by its name, such as 2/multi: a number, or with `total` a share"
    )
    total: int = Field(0, ge=0, description="clips in all, where the quota gives shares")
    agree: bool = Field(True, description="a clip on whose traits its sources differ is set aside")
    min_speech: float = Field(0.0, ge=0, description="seconds in which somebody speaks; a clip with less is set aside")

    @model_validator(mode="after")
    def _adds_up(self) -> SelectConfig:
        if isinstance(self.quota, dict):
            if wrong := [name for name in self.quota if len(name.split("/")) != len(self.by)]:
                raise ValueError(f"quota {wrong[0]!r} must name one value for each of {', '.join(self.by)}, with /")
            shares = [value for value in self.quota.values() if isinstance(value, float)]
            if shares and (not self.total or len(shares) < len(self.quota) or not math.isclose(sum(shares), 1)):
                raise ValueError("shares need `total`, one for each kind, and must sum to 1")
        return self


class Select(CorpusPass[Clip, SelectConfig]):
    """Decides which clips are not taken, and says why. Which ones depends on their ids and the seed alone."""

    name = "select"
    columns = COLUMNS

    def decide(self, rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
        config = self.config
        cells: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for row in rows:
            if (spoken := _spoken(row)) < config.min_speech:
                yield Decision(id=row["id"], value="too_little_speech", detail=f"{spoken:.1f} s")
            elif config.agree and (said := "; ".join(disagreements(row, config.by))):
                yield Decision(id=row["id"], value="sources_disagree", detail=said)
            else:
                order = draw("select", self.context.seed, row["id"])
                cells[cell(row, config.by)].append((order, row["id"]))
        quotas = wanted(config, cells)
        if isinstance(config.quota, dict):
            for name in sorted(quotas):
                if (there := len(cells.get(name, ()))) < quotas[name]:
                    said = "only %s of the kind %s, where the quota asks for %d"
                    logger.warning(said, plural(there, "clip"), name, quotas[name])
        for name in sorted(cells):
            found = sorted(cells[name])
            for _, id in found[quotas[name] :]:
                yield Decision(id=id, value=f"over_quota:{name}", detail=f"{quotas[name]} of {len(found)} are taken")


def wanted(config: SelectConfig, cells: Iterable[str]) -> dict[str, int]:
    """Give the clips to take of each kind; of one that a quota by name leaves out, none."""
    quota = config.quota
    if isinstance(quota, int):
        return dict.fromkeys(cells, quota)
    counts = _of_shares(quota, config.total) if config.total else {name: int(value) for name, value in quota.items()}
    return {name: counts.get(name, 0) for name in cells} | counts


def _of_shares(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers that sum to `total`, the largest remainders rounded up."""
    counts = {name: math.floor(share * total) for name, share in shares.items()}
    rest = sorted(shares, key=lambda name: (counts[name] - shares[name] * total, name))
    for name in rest[: total - sum(counts.values())]:
        counts[name] += 1
    return counts


def _spoken(row: Mapping[str, Any]) -> float:
    spoken, until = 0.0, 0.0
    for said in sorted(row["utterances"], key=lambda said: said["start"]):
        end = min(said["end"], row["duration"])
        spoken += max(0.0, end - max(said["start"], until))
        until = max(until, end)
    return spoken
