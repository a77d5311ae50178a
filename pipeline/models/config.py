"""A model as the manifest names it: who answers, with which settings, at what price, how fast."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from asid.pipeline.models import secrets
from asid.pipeline.models.provider import find_provider

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

# Settings that do not change an answer.
HOW = frozenset({"faults", "latency", "inline_bytes", "engine", "cache", "cache_seconds"})


class Part(BaseModel):
    """Hold settings that do not change, and refuse unknown ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Prices(Part):
    """USD per million tokens, above what is known of the model's list prices. `input` or `output` missing makes the
    cost of a call unknown: it is said, never taken for zero. `cached`, `audio` and `video` are parts of the input; one
    that is missing is charged like `input`."""

    input: float | None = Field(None, ge=0)
    output: float | None = Field(None, ge=0, description="answer and thoughts")
    cached: float | None = Field(None, ge=0)
    audio: float | None = Field(None, ge=0)
    video: float | None = Field(None, ge=0)
    storage: float | None = Field(None, ge=0, description="an hour in an explicit cache")
    audio_hour: float | None = Field(None, ge=0, description="USD for an hour of sound that is transcribed")

    @property
    def known(self) -> bool:
        return (self.input is not None and self.output is not None) or self.audio_hour is not None


class Limits(Part):
    """What one key may do at one endpoint, over all workers of the run. None: no such cap is known."""

    requests_per_minute: float | None = Field(None, gt=0)
    tokens_per_minute: float | None = Field(None, gt=0)
    concurrency: int = Field(64, ge=1, description="most calls at once; fewer when the server pushes back")


class ModelConfig(Part):
    """Mistakes of type `secret` hold something that must not be printed: show their message without the input."""

    provider: str = Field(description="openai, gemini, vllm, scripted, embedded, or another that a package brings")
    model: str = Field("", description="as the provider names it; of `embedded`, which kind; of `scripted`, a label")
    base_url: str = Field("", description="another endpoint than the provider's own; with `vllm`, a served model")
    key: str = Field("", description="NAME of the environment variable that holds the key")
    settings: dict[str, Any] = Field(default_factory=dict, description="temperature, max_tokens, fps, …")
    script: str = Field("", description="of `scripted`: a YAML file, or `module:function`; empty for the shipped one")
    hears: bool | None = Field(None, description="false: the model hears nothing, and is told so; None: as its "
                               "provider and settings say")  # fmt: skip
    context: int | None = Field(None, ge=1024, description="tokens of prompt, media and answer together: what cannot "
                                "fit is sampled down, or fails before it is sent")  # fmt: skip
    prices: Prices = Prices()
    limits: Limits = Limits()
    timeout: float = Field(300.0, gt=0, description="seconds for one call")
    deadline: float = Field(1500.0, gt=0, description="seconds for one answer, with all its retries and waits")
    retries: int = Field(10, ge=0, description="tries after the first, for errors that can heal")

    @field_validator("provider")
    @classmethod
    def _is_there(cls, value: str) -> str:
        find_provider(value)
        return value

    @field_validator("key")
    @classmethod
    def _name_only(cls, value: str) -> str:
        looks_real = not VARIABLE.fullmatch(value) or (len(value) >= 20 and "_" not in value)
        if value and looks_real:
            raise PydanticCustomError(
                "secret", "must be the NAME of an environment variable, such as OPENAI_API_KEY, never a key itself"
            )
        return value

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must start with http:// or https:// and name a host")
        if parts.username or parts.password or parts.query:
            raise PydanticCustomError(
                "secret", "must not carry credentials or a query: name the key's environment variable in `key`"
            )
        return value.rstrip("/")

    @field_validator("settings")
    @classmethod
    def _no_secrets(cls, value: dict[str, Any]) -> dict[str, Any]:
        for path, said in secrets.found(value):
            where = secrets.mask(".".join(map(str, path)))
            raise PydanticCustomError("secret", "{where} does not belong here: {said}", {"where": where, "said": said})
        return value

    @model_validator(mode="after")
    def _fits_provider(self) -> ModelConfig:
        record = find_provider(self.provider)
        if not self.model and record.needs_model:
            raise ValueError(f"`model` is needed for provider {self.provider}")
        if self.script and not record.takes_script:
            raise ValueError("`script` is for provider scripted only")
        return self

    @property
    def is_rules(self) -> bool:
        """Whether rules answer, in the worker itself: no call leaves it, and nothing is paid."""
        return find_provider(self.provider).is_rules

    def identity(self) -> dict[str, Any]:
        """What changes answers. An endpoint is left out: the same model elsewhere gives the same dataset. So are the
        faults that a scripted model plays."""
        settings = {name: value for name, value in self.settings.items() if name not in HOW}
        identity: dict[str, Any] = {"provider": self.provider, "model": self.model, "settings": settings}
        if self.hears is not None:
            identity["hears"] = self.hears
        return identity | find_provider(self.provider).identity(self)
