"""What a recogniser is: a record with the settings that it reads, and how it is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from asid.pipeline.registry import RECOGNISERS, UnknownName

if TYPE_CHECKING:
    from asid.pipeline.speech.base import Backend

Device = Literal["auto", "cpu", "cuda"]


class RecogniserSettings(BaseModel):
    """Settings that all recognisers read. `HOW` names those that say how to run, not what comes out."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    HOW: ClassVar[frozenset[str]] = frozenset()

    language: str = Field("", pattern="^([a-z]{2,3})?$", description="ISO 639-1; empty: found out where possible")


class SpeakerSettings(RecogniserSettings):
    """Settings of recognisers that have speakers told apart."""

    diarize: bool = Field(True, description="tell speakers apart")
    min_speakers: int = Field(1, ge=1)
    max_speakers: int = Field(0, ge=0, description="0: as many as there are")


@dataclass(frozen=True)
class Recogniser:
    """A recogniser as its file describes it. `settings`: the type of its settings; `make`: one that is not yet open,
    from these and a number of threads, without importing anything heavy; `packages`: modules beyond the base install,
    each with the requirement that brings it; `ask`: makes one whose words come from a server that is given, so that it
    may be a model of the manifest; None: it has no such server."""

    settings: type[RecogniserSettings]
    make: Callable[[Any, int], Backend]
    ask: Callable[[Any, int, Any], Backend] | None = None
    packages: tuple[tuple[str, str], ...] = ()


def find_recogniser(name: str) -> Recogniser:
    """Find the record of a recogniser by its name. Raises UnknownName."""
    found = RECOGNISERS.find(name)
    if not isinstance(found, Recogniser):
        raise UnknownName(f"{name} is no recogniser: it must name a Recogniser")
    return found


def make(name: str, threads: int = 1, **settings: Any) -> Backend:
    """Make a recogniser by its name and settings, not yet open. Raises UnknownName and ValidationError."""
    record = find_recogniser(name)
    return record.make(record.settings.model_validate(settings), threads)
