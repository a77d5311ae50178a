"""What a judged benchmark is: references out of a data file, the questions of its judges, and the tables of its
figures. One module for each, named in `registry`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asid.pipeline.evaluation.contracts import Contract
from asid.pipeline.evaluation.files import short_key
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.tables import Table


@dataclass(frozen=True)
class Reference:
    """What the data file holds for one case, before it has a caption. `part` tells several cases of a video apart.
    `prompt`: which of the video's captions it is about, where it has more than one; "" when all cases share one."""

    video: str
    key: str  # what captions are joined by
    part: str = ""
    prompt: str = ""
    question: str = ""
    choices: tuple[str, ...] = ()
    reference: str = ""
    statements: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()  # other keys that captions may come under
    is_empty: bool = False  # nothing can be scored against it


Load = Callable[[Path, DataIntake], list[Reference]]


@dataclass(frozen=True)
class Benchmark:
    """`steps`: the judge's questions in their order. `missing` says what becomes of cases without a verdict."""

    name: str
    about: str  # one line
    data: str  # the published file it reads
    load: Load
    steps: Mapping[str, Contract]
    tables: Callable[[Outcome], Sequence[Table]]
    missing: str = "counted as worst"
    runs: int = 1
    key: Callable[[object], str] = short_key
    prompt_fields: tuple[str, ...] = ()  # of a captions file: which prompt a caption answers
    strict: bool = False  # a caption that names no prompt serves only a video that has one
    token_fields: tuple[str, ...] = ("tokens", "n_tokens", "num_tokens")  # of a captions file, by its own tokenizer
    prompted: bool = False  # its data holds the prompts that captions are to be written for
    pairs: bool = False  # captions of several systems are held against each other

    @property
    def sees(self) -> bool:
        """Whether one of its judges is shown clips where there are some."""
        return any(contract.sees for contract in self.steps.values())
