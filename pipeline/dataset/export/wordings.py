"""What a model in training is asked: wordings from `prompts/train/`, drawn by clip and attributes with a seed. The
answers of a preference pair are trained under the question that they answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.chance import draw
from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.prompts import PLACE, Prompts

NAMED = "{{attributes}}"


class Wordings:
    """The pool. The same clip, attributes and seed give the same words, whatever else is exported. Raises ExportError
    for a file of words that no question can be made of."""

    def __init__(self, prompts: Prompts, seed: int = 0, questions: Collection[str] = ()):
        self.seed = seed
        texts = {prompts.hash(name): prompts.text(name).strip() for name in questions}
        self.questions = {key: text for key, text in texts.items() if not PLACE.search(text)}
        self.whole, self.plain, self.some = (_lines(prompts, name) for name in ("all", "general", "some"))
        if wrong := [line for line in self.some if NAMED not in line]:
            raise ExportError(f"train/some: {wrong[0]!r} has no {NAMED}, where the attributes are named")
        entries = (line.partition(":") for line in _lines(prompts, "phrases"))
        self.phrases = {
            name.strip(): [phrase.strip() for phrase in rest.split("|") if phrase.strip()] for name, _, rest in entries
        }
        if missing := [name for name in ATTRIBUTES if not self.phrases.get(name)]:
            raise ExportError(
                f"train/phrases has no phrase for {', '.join(missing)}: write `{missing[0]}: ONE | OTHER`"
            )

    def ask(self, clip: str, attributes: Sequence[str] = ()) -> str:
        """For the caption of all attributes, or of those named, in their order."""
        if not attributes:
            return self._pick(self.whole, clip)
        named = [self._pick(self.phrases[name], clip, name) for name in attributes]
        return self._pick(self.some, clip, *attributes).replace(NAMED, _listed(named))

    def asked(self, clip: str, by: Mapping[str, Any]) -> str:
        """For a preference pair: the question that was asked, where it is a plain sentence; else one of the pool."""
        return self.questions.get(str(by.get("prompt", ""))) or self.general(clip)

    def general(self, clip: str) -> str:
        """For a caption that need not tell when things happen, as of a preference pair."""
        return self._pick(self.plain, clip)

    def subset(self, clip: str, given: Sequence[str], size: int) -> tuple[str, ...]:
        """`size` of the attributes given, in the usual order; () when there are fewer."""
        if len(given) < size:
            return ()
        order = sorted(given, key=lambda name: draw("subset", self.seed, clip, size, name))
        return tuple(name for name in ATTRIBUTES if name in order[:size])

    def _pick(self, pool: Sequence[str], *parts: str) -> str:
        return pool[int(draw("wording", self.seed, *parts) * len(pool))]


def _lines(prompts: Prompts, name: str) -> list[str]:
    """The lines of a file of wordings; empty ones are none."""
    lines = [line for line in prompts.text(f"train/{name}").splitlines() if line.strip()]
    if not lines:
        raise ExportError(f"train/{name} has no line to choose from")
    return lines


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
