"""A model that answers from a script, with faults on demand: for trying a whole run without keys, and for tests.

The script is the shipped one (`rehearsed`), another function as `module:function`, taking a Request and giving the text
or an object for JSON, or a YAML file: a list of rules, of which the first that fits answers.

    - task: verify                # any of the three may be left out
      attribute: speech
      match: "regular expression somewhere in the prompt"
      answer: {caption: "…"}      # an object becomes JSON; text is given as it is

Settings: `latency` in seconds, and `faults`, shares of calls between 0 and 1 by name (`limit`, `error`, `hang`,
`cut`, `malformed`, `truncated`, `refusal`), with `retry_after` in seconds and `seed`. Which call meets which fault
follows from the seed, the request and how often it was made. Rows say that their provider is `scripted`.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from asid.pipeline.models.base import Misconfigured, Request, Response, Transient, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.provider import Provider
from asid.pipeline.models.providers import rehearsed
from asid.pipeline.storage import Storage

Script = Callable[[Request], Any]


class Faults(BaseModel):
    """Shares of calls. `limit`: 429; `error`: 500; `hang`: no answer, ever; `cut`: the connection breaks."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    limit: float = Field(0.0, ge=0, le=1)
    error: float = Field(0.0, ge=0, le=1)
    hang: float = Field(0.0, ge=0, le=1)
    cut: float = Field(0.0, ge=0, le=1)
    malformed: float = Field(0.0, ge=0, le=1)
    truncated: float = Field(0.0, ge=0, le=1)
    refusal: float = Field(0.0, ge=0, le=1)
    retry_after: float | None = Field(None, ge=0)
    seed: int = 0

    def fault(self, key: str, time: int) -> str:
        """The fault of a request's call number `time`, from 0; "" for none."""
        digest = hashlib.sha256(f"{self.seed}/{key}/{time}".encode()).digest()
        chance = int.from_bytes(digest[:8]) / 2**64
        for name in ("limit", "error", "hang", "cut", "malformed", "truncated", "refusal"):
            chance -= getattr(self, name)
            if chance < 0:
                return name
        return ""


class Rule(BaseModel):
    """Say which requests a scripted answer is for, and what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    task: str = ""
    attribute: str = ""
    match: str = ""
    answer: Any

    def fits(self, request: Request) -> bool:
        return (
            self.task in ("", request.task)
            and self.attribute in ("", request.attribute)
            and (not self.match or re.search(self.match, request.prompt) is not None)
        )


def load_script(script: str) -> Script:
    """Raises Misconfigured when there is no such script."""
    if not script:
        return rehearsed.answer
    module, colon, function = script.partition(":")
    if colon and re.fullmatch(r"[\w.]+", module) and function.isidentifier():
        try:
            found: Callable[[Request], Any] = getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as error:
            raise Misconfigured(f"the script {script} cannot be loaded: {error}") from error
        return found
    try:
        rules = TypeAdapter(list[Rule]).validate_python(YAML(typ="safe").load(Path(script).read_text("utf-8")))
    except (OSError, YAMLError, ValidationError) as error:
        raise Misconfigured(f"the script {script} cannot be read: {error}") from error

    def answer(request: Request) -> Any:
        for rule in rules:
            if rule.fits(request):
                return rule.answer
        raise Misconfigured(f"the script {script} has no answer for task {request.task!r} {request.attribute}".rstrip())

    return answer


class ScriptedModel:
    """Answer from a script, with the faults that it is to play."""

    reads_facts = False

    def __init__(self, config: ModelConfig):
        self.config = config
        self.script = load_script(config.script)
        self.latency = float(config.settings.get("latency", 0.0))
        try:
            self.faults = Faults.model_validate(config.settings.get("faults", {}))
        except ValidationError as error:
            raise Misconfigured(f"faults of the scripted model: {error}") from error
        self.times: Counter[str] = Counter()

    async def generate(self, request: Request) -> Response:
        key = request.key()
        fault = self.faults.fault(key, self.times[key])
        self.times[key] += 1
        await asyncio.sleep(self.latency)
        match fault:
            case "limit":
                raise Transient("429: too many requests", self.faults.retry_after, rate_limited=True)
            case "error":
                raise Transient("500: scripted server error")
            case "cut":
                raise Transient("the connection was cut")
            case "hang":
                await asyncio.Event().wait()
        given = self.script(request)
        text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        usage = Usage(input_tokens=len(request.prompt) // 4, output_tokens=len(text) // 4)
        model = self.config.model or "scripted"
        answer = Response(text=text, model=model, provider="scripted", usage=usage)
        match fault:
            case "malformed":
                return answer.model_copy(update={"text": text[: max(1, len(text) * 2 // 3)]})
            case "truncated":
                return answer.model_copy(update={"text": text[: max(1, len(text) // 2)], "finish": "length"})
            case "refusal":
                return answer.model_copy(update={"text": "I can't help with that.", "finish": "refusal"})
        return answer

    async def close(self) -> None:
        """Nothing is held."""


def _open(config: ModelConfig, storage: Storage) -> ScriptedModel:
    return ScriptedModel(config)


def _identity(config: ModelConfig) -> dict[str, Any]:
    return {"script": config.script}


def _label(name: str) -> str:
    return f"scripted {name}"


SCRIPTED = Provider(
    open=_open,
    settings=frozenset({"latency", "faults"}),
    is_free=True,
    needs_model=False,
    takes_script=True,
    shares=_label,
    identity=_identity,
)
