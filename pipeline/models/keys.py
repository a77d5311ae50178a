"""Keys: read from the environment when a provider opens, shown to nobody."""

from __future__ import annotations

import os

from asid.pipeline.models import secrets
from asid.pipeline.models.base import Misconfigured
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.provider import find_provider

NO_KEY = "none"  # clients insist on one; local servers do not


class Key:
    """A secret that does not print. `clean` takes it out of a text."""

    __slots__ = ("name", "secret")

    def __init__(self, name: str, secret: str):
        self.name, self.secret = name, secret

    def __repr__(self) -> str:
        return f"<{self.name or 'no key'}>"

    def clean(self, text: str) -> str:
        """Hide the key in a text."""
        for form in secrets.forms(self.secret):
            text = text.replace(form.decode(), f"<{self.name}>")
        return text

    def __reduce__(self) -> str:
        raise TypeError("a key stays in the process that read it")


def variable(config: ModelConfig) -> str:
    """The environment variable that a model's key is in; "" when it needs none."""
    if config.key:
        return config.key
    return "" if config.base_url else find_provider(config.provider).key


def read_key(config: ModelConfig) -> Key:
    """Raises Misconfigured with the line that mends it."""
    name = variable(config)
    if not name:
        return Key("", NO_KEY)
    if not (secret := os.environ.get(name, "").strip()):
        raise Misconfigured(f"the key is missing: export {name}=… (its name is `key` of the model in the manifest)")
    return Key(name, secret)
