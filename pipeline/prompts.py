"""Prompts: text files under `prompts/`, rendered strictly, known by the hash of their text.

A placeholder is `{{name}}`. A name without a value, or a value without a place, is an error: a prompt that silently
lost its transcript costs more than a crash. Values that models or media produced are fenced, so that words in a
transcript or on a screen are read as evidence, never as instructions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import asid
from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.errors import UserError

PLACE = re.compile(r"\{\{(\w+)\}\}")
INCLUDE = re.compile(r"^\{\{>\s*([\w/-]+)\s*\}\}$", re.MULTILINE)
# Anything that a reader could take for an opening bracket, before what it could take for the word, with blanks,
# invisible characters and slashes strewn in. Compiled when the first text is fenced.
BLANK = r"[\s/\\\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2044\u2060-\u206f\u2215\ufe00-\ufe0f\ufeff\uff0f]*"
LOOKALIKE = rf"(?i)[<\u2039\u2329\u27e8\u3008\ufe64\uff1c](?={BLANK}{BLANK.join('evidence')})"


def shipped(kind: str) -> Path:
    """The folder of data files `kind` ("prompts", "manifests") that came with the package."""
    return Path(asid.__file__).parent / kind


class PromptError(UserError):
    """A prompt that is missing, or does not fit its values."""


class AttributeText(BaseModel):
    """What an attribute is about, and VERIFY: the points that its audit may judge. `heard` are those among them that
    only who hears can judge, written `- hear: the point` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = Field(min_length=1)
    verify: tuple[str, ...] = Field(min_length=1)
    heard: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _marked(cls, values: Any) -> Any:
        points = values.get("verify") if isinstance(values, dict) else None
        if not isinstance(points, list):
            return values
        heard = [one["hear"] for one in points if isinstance(one, dict) and one.keys() == {"hear"}]
        plain = [one["hear"] if isinstance(one, dict) and one.keys() == {"hear"} else one for one in points]
        return values | {"verify": plain, "heard": heard}

    def points(self, hears: bool) -> tuple[str, ...]:
        """Give the points that an auditor can judge who hears, or does not."""
        return tuple(point for point in self.verify if hears or point not in self.heard)

    def unheard(self, hears: bool) -> tuple[str, ...]:
        """Give the points that such an auditor cannot judge."""
        return () if hears else self.heard


def fence(label: str, text: str) -> str:
    """Untrusted text between markers that it cannot close: whatever in it looks like a marker loses its bracket."""
    safe = re.sub(LOOKALIKE, "(", text)
    return f'<evidence kind="{label}">\n{safe}\n</evidence>'


class Prompts:
    """The prompts of a run: the shipped ones, and before them those in `folder`."""

    def __init__(self, folder: str | Path | None = None):
        self.folders = [Path(folder)] if folder else []
        self.folders.append(shipped("prompts"))
        self._attributes: dict[Attribute, AttributeText] | None = None
        self.texts: dict[str, str] = {}  # as first read, so that a worker elsewhere has the words of the driver

    def _file(self, name: str) -> str:
        if name not in self.texts:
            for folder in self.folders:
                file = folder / name
                if file.is_file():
                    self.texts[name] = file.read_text("utf-8")
                    break
            else:
                raise PromptError(f"there is no {name} in {', '.join(map(str, self.folders))}")
        return self.texts[name]

    def text(self, name: str) -> str:
        """The wording of `name`, with its includes (`{{> shared/anchors}}` on a line of its own) put in."""
        return INCLUDE.sub(lambda match: self.text(match[1]).rstrip("\n"), self._file(f"{name}.txt"))

    def parts(self, name: str) -> list[str]:
        """Name the parts that are put into a prompt."""
        return INCLUDE.findall(self._file(f"{name}.txt"))

    def hash(self, name: str) -> str:
        """Give the first 16 hex digits of the SHA-256 of a prompt's text."""
        return hashlib.sha256(self.text(name).encode()).hexdigest()[:16]

    def render(self, name: str, /, **values: str) -> str:
        """Put values into a prompt. Raises PromptError for a place without a value, or a value without a place."""
        text = self.text(name)
        wanted = set(PLACE.findall(text))
        if missing := wanted - values.keys():
            raise PromptError(f"prompt {name!r} needs {', '.join(sorted(missing))}")
        if unused := values.keys() - wanted:
            raise PromptError(f"prompt {name!r} has no place for {', '.join(sorted(unused))}")
        return PLACE.sub(lambda match: values[match[1]], text)

    def start(self, name: str, apart: Collection[str], /, **values: str) -> str:
        """Give what renderings of a prompt begin with alike that differ in the values named in `apart` alone."""
        text = self.text(name)
        places = (match.start() for match in PLACE.finditer(text) if match[1] in apart)
        return PLACE.sub(lambda match: values[match[1]], text[: next(places, len(text))])

    def attributes(self) -> dict[Attribute, AttributeText]:
        """`attributes.yaml`, read strictly: the eight attributes, each with `about` and `verify`."""
        if self._attributes is None:
            self._attributes = self._read_attributes()
        return self._attributes

    def _read_attributes(self) -> dict[Attribute, AttributeText]:
        try:
            entries = TypeAdapter(dict[Attribute, AttributeText]).validate_python(
                YAML(typ="safe").load(self._file("attributes.yaml"))
            )
        except (ValidationError, YAMLError) as error:
            raise PromptError(f"attributes.yaml: {error}") from error
        if missing := set(ATTRIBUTES) - entries.keys():
            raise PromptError(f"attributes.yaml lacks {', '.join(sorted(missing))}")
        return {attribute: entries[attribute] for attribute in ATTRIBUTES}
