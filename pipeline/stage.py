"""What a stage is: one verb on one row. Knows no Ray, no Parquet, no vendor.

    class Loudness(Stage[Clip, Clip, LoudnessConfig]):
        name = "loudness"

        async def process(self, clip: Clip) -> Clip:
            ...

`process` gets one row and gives one row, or a list of rows. A known dead end raises `Unprocessable`: the row goes to
the failures with that reason and the others go on. Many rows are in `process` at the same time (`concurrency`), so
work that computes goes to a thread (`asyncio.to_thread`) and state that rows share lives in `open`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field

from asid.pipeline.rows import Decision, Row

if TYPE_CHECKING:
    from asid.pipeline.models.base import Model
    from asid.pipeline.prompts import Prompts
    from asid.pipeline.storage import Storage

In = TypeVar("In", bound=Row)
Out = TypeVar("Out", bound=Row)
Config = TypeVar("Config", bound="StageConfig")


class Unprocessable(Exception):
    """This row cannot get through this stage, for a reason that a person can read and count."""

    def __init__(self, reason: str, kind: str = "unprocessable", raw: str = "", attempts: int = 1):
        super().__init__(reason)
        self.kind, self.raw, self.attempts = kind, raw, attempts


class Resources(BaseModel):
    """What one worker of the stage holds. Never part of a fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    cpus: float = Field(1.0, ge=0)
    gpus: float = Field(0.0, ge=0)
    memory_gb: float = Field(0.0, ge=0)
    gpu_kind: str = ""  # node label or accelerator type
    env: str = ""  # name of a manifest environment: a Ray runtime_env with packages of its own


class StageConfig(BaseModel):
    """Settings that every stage has. Fields named in `HOW` say how to run, not what comes out: no fingerprint. Fields
    named in `FILES` are inputs, as a manifest's own: relative paths start at its folder, and what is not there is told
    before a run begins."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
    HOW: ClassVar[frozenset[str]] = frozenset(
        {"resources", "min_workers", "max_workers", "concurrency", "row_timeout", "max_failure_rate", "budget", "mode"}
    )
    FILES: ClassVar[frozenset[str]] = frozenset()

    resources: Resources = Resources()
    min_workers: int = Field(0, ge=0)
    max_workers: int = Field(0, ge=0, description="0: as many as the cluster has room for")
    concurrency: int = Field(4, ge=1, description="rows in `process` at once in one worker")
    row_timeout: float = Field(1800.0, gt=0, description="seconds after which a row is failed")
    max_failure_rate: float | None = Field(None, ge=0, le=1, description="above it the stage stops; None: the run's")
    budget: float | None = Field(None, gt=0, description="USD this stage may spend; None: only the run's limit")
    mode: str = Field("live", pattern="^(live|batch)$", description="batch: through the provider's batch API")

    def what(self) -> dict[str, Any]:
        """The settings that change results."""
        return self.model_dump(mode="json", exclude=set(self.HOW))


@dataclass(frozen=True)
class Context:
    """What a worker hands its stage: the run's storage, its prompts, its models, its seed."""

    storage: Storage
    prompts: Prompts
    models: dict[str, Model]  # by the names of the manifest; only those that the stage's settings name
    seed: int = 0


class Stage(Generic[In, Out, Config]):
    """One verb. Subclass with its row types and settings: `Stage[Split, Transcribed, TranscribeConfig]`."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1  # bump by hand when the code changes results
    tools: ClassVar[tuple[str, ...]] = ()  # programs that must be on the path

    def __init__(self, config: Config, context: Context):
        self.config = config
        self.context = context

    def open(self) -> None:
        """In the worker, once, before any row: load weights, connect. An exception fails the stage at once."""

    def check_prompts(self) -> None:
        """Raise PromptError when a prompt has no place for what the stage puts into it, or one for more. Before `open`:
        nothing is loaded yet."""

    def with_decisions(self, decisions: Mapping[str, Sequence[Decision]]) -> None:
        """Learn what the corpus passes before this stage decided, by the name of the pass. Called before the rows of
        each shard."""

    async def process(self, row: In) -> Out | list[Out]:
        """Give what comes of one row. Raises Unprocessable for a known dead end."""
        raise NotImplementedError

    def close(self) -> None:
        """In the worker, once, after its last row."""

    @classmethod
    def types(cls) -> tuple[type[Row], type[Row], type[StageConfig]]:
        """The rows taken, the rows given and the settings, read off the class statement."""
        given, made, config = _arguments(cls, 3)
        return given, made, config

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        """The rows given for rows of the type `taken`. A stage that gives what it takes keeps what a row is."""
        given, made, _ = cls.types()
        return taken if made is given else made

    @classmethod
    def takes(cls, config: Config) -> list[type[Row]]:
        """What a row must be for the stage with these settings: all of these types."""
        return [cls.types()[0]]

    @classmethod
    def prompts(cls, config: Config) -> list[str]:
        """Names of the prompts these settings use: their text goes into the fingerprint."""
        return []

    @classmethod
    def texts(cls, config: Config, prompts: Prompts) -> dict[str, str]:
        """Other wording that changes the rows, such as the VERIFY lists: goes into the fingerprint."""
        return {}

    @classmethod
    def models(cls, config: Config) -> list[str]:
        """Names of the manifest's models these settings use: opened before `open`."""
        model = getattr(config, "model", "")
        return [model] if model else []

    @classmethod
    def annotators(cls, config: Config) -> list[str]:
        """Names of the annotators whose captions these settings speak of."""
        annotator = getattr(config, "annotator", "")
        return [annotator] if annotator else []

    @classmethod
    def packages(cls, config: Config) -> list[tuple[str, str]]:
        """Modules beyond the base install that these settings need, each with the requirement that brings it."""
        return []

    @classmethod
    def variables(cls, config: Config) -> list[tuple[str, str]]:
        """Environment variables that these settings need, each with what it is for."""
        return []


class CorpusPass(Generic[In, Config]):
    """A verb that needs the whole corpus. Reads one narrow column of all shards, writes a small table by id."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[str, ...]] = ("id",)

    def __init__(self, config: Config, context: Context):
        self.config = config
        self.context = context

    def decide(self, rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
        """`rows` are dictionaries of `columns`, in shard order; one Decision for each row that matters."""
        raise NotImplementedError

    @classmethod
    def types(cls) -> tuple[type[Row], type[Row], type[StageConfig]]:
        given, config = _arguments(cls, 2)
        return given, Decision, config

    @classmethod
    def takes(cls, config: Config) -> list[type[Row]]:
        return [cls.types()[0]]

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return Decision


def _arguments(cls: type, count: int) -> tuple[Any, ...]:
    """What a class statement such as `Stage[In, Out, Config]` names, also when a class in between has left it open."""
    for kind in cls.__mro__:
        for base in getattr(kind, "__orig_bases__", ()):
            arguments = get_args(base)
            if len(arguments) == count and all(isinstance(argument, type) for argument in arguments):
                return arguments
    raise TypeError(f"{cls.__name__} must name its {count} types in brackets: its rows and its settings")
