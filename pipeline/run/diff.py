"""What is different between two runs, and why: clips that came in, went out, or have another caption.

Shards whose footers tell of the same rows are not read. Of the others a first look keeps 21 bytes of each row, so that
a million rows need little room; then the rows that differ are followed from the first step to the last, a shard at a
time. A caption changed where, for the first time, something differs that concerns its attribute: what that step was
given is the same in both runs, so the cause lies in the step. Who wrote what, with which model and prompt, is read from
the rows; settings and VERIFY lists from the two manifests.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.layers.replay import Entry, read_entries
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import cost
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Stage

WHOLE = "all"  # stands for the caption of all attributes
PLACES = frozenset({"uri", "source_uri", "duplicates", "name"})  # where files lie: no part of a row's content
BY_ATTRIBUTE = ("attributes", "captions")
LISTS = ("audits", "edits")  # of records that say which attribute they are of
BY = frozenset({"model", "provider", "prompt"})
Plain = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """`what`: in, out or changed. `causes`: input, clip, prompt, VERIFY list, model, setting or answer; of a clip that
    is out, the rules that drop it. `usd`: what the second run paid for it that the first had not; None for unknown."""

    clip: str
    what: str
    attribute: str = ""
    stage: str = ""
    causes: tuple[str, ...] = ()
    usd: float | None = 0.0
    before: str = ""
    after: str = ""

    def as_json(self) -> Plain:
        return asdict(self)


def diff(one: Run, two: Run) -> Iterator[Change]:
    """The changes from run `one` to run `two`, shard by shard of the second; clips that went out come last."""
    names = {run: _differing(run, other) for run, other in ((one, two), (two, one))}
    looks = {run: _Look(run, found) for run, found in names.items()}
    for here, there, pairs in _pairs(looks[one], looks[two]):
        yield from _changes(one, two, here, there, pairs)


def tally(changes: Iterable[Change]) -> Iterator[str]:
    """A line for each kind of change, with how many there are, an example and the price; the most frequent first."""
    counts: Counter[tuple[str, ...]] = Counter()
    prices: dict[tuple[str, ...], float] = defaultdict(float)
    example: dict[tuple[str, ...], str] = {}
    unknown = False
    for change in changes:
        found = (change.what, change.stage, change.attribute, " and ".join(change.causes))
        counts[found] += 1
        prices[found] += change.usd or 0.0
        unknown |= change.usd is None
        example.setdefault(found, change.clip)
    if not counts:
        yield "no difference"
    for kind, count in counts.most_common():
        what, stage, attribute, causes = kind
        where = " ".join(part for part in (stage, attribute) if part)
        yield f"{count:8}  {what:8} {where:28} {causes:24} {prices[kind]:10.4f} USD  such as {example[kind]}"
    if unknown:
        yield "some prices are unknown"


def _last(run: Run) -> str:
    return list(run.steps)[-1]


def _differing(run: Run, other: Run) -> list[str]:
    """The shards of the last step that the other run has not with the same rows."""
    found = []
    for shard in run.shard_names(_last(run)):
        mine = shards.footer(run.storage, run.uri(_last(run), shard))
        theirs = shards.footer(other.storage, other.uri(_last(other), shard))
        if mine is None or theirs is None or mine.digest != theirs.digest:
            found.append(shard)
    return found


def _columns(run: Run) -> list[str]:
    fields = run.types(_last(run))[1].model_fields
    return [name for name in ("id", "caption", "captions", "kept") if name in fields]


class _Look:
    """Of each row of some shards: hashes of its id and its captions, whether it is kept, and its shard."""

    def __init__(self, run: Run, names: Sequence[str]):
        self.names = names
        ids, texts, kept, homes = array("Q"), array("Q"), array("B"), array("I")
        columns = _columns(run)
        for number, shard in enumerate(names):
            for row in shards.read_columns(run.storage, run.uri(_last(run), shard), columns):
                ids.append(_hash(row["id"]))
                texts.append(_hash(repr([row.get("caption"), row.get("captions")])))
                kept.append(bool(row.get("kept", True)))
                homes.append(number)
        self.ids = np.frombuffer(ids, np.uint64) if ids else np.empty(0, np.uint64)
        self.texts = np.frombuffer(texts, np.uint64) if ids else np.empty(0, np.uint64)
        self.kept = np.frombuffer(kept, np.uint8) if ids else np.empty(0, np.uint8)
        self.homes = np.frombuffer(homes, np.uint32) if ids else np.empty(0, np.uint32)
        self.order = np.argsort(self.ids, kind="stable")

    def find(self, ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """The place of each id; -1 for one that is not here."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self.ids, ids, sorter=self.order), len(self.ids) - 1)
        place = self.order[at]
        return np.where(self.ids[place] == ids, place, -1)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _pairs(one: _Look, two: _Look) -> Iterator[tuple[str, str, dict[int, str]]]:
    """Shards of both runs (or "" for none) with the hashes of the ids that differ between them and what they are."""
    groups: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
    in_one = one.find(two.ids)
    for at in range(len(two.ids)):
        before, kept = int(in_one[at]), bool(two.kept[at])
        was = before >= 0 and bool(one.kept[before])
        if was and kept and one.texts[before] == two.texts[at]:
            continue
        what = "changed" if was and kept else "in" if kept else "out" if was else ""
        if what:
            home = int(one.homes[before]) if before >= 0 else -1
            groups[int(two.homes[at]), home][int(two.ids[at])] = what
    gone = np.flatnonzero((two.find(one.ids) < 0) & (one.kept == 1))
    for there, here in sorted(groups):
        yield one.names[here] if here >= 0 else "", two.names[there], groups[there, here]
    left: dict[int, dict[int, str]] = defaultdict(dict)
    for at in gone.tolist():
        left[int(one.homes[at])][int(one.ids[at])] = "out"
    for here in sorted(left):
        yield one.names[here], "", left[here]


# --- a shard at a time -------------------------------------------------------------------------------------------


def _changes(one: Run, two: Run, here: str, there: str, pairs: Mapping[int, str]) -> Iterator[Change]:
    """The changes of some rows of a shard of each run."""
    ids = {row["id"] for run, shard in ((one, here), (two, there)) if shard
           for row in shards.read_columns(run.storage, run.uri(_last(run), shard), ["id"])
           if _hash(row["id"]) in pairs}  # fmt: skip
    follow = _Follow(one, two, here, there, ids)
    for id in sorted(ids):
        what = pairs[_hash(id)]
        if what == "changed":
            yield from follow.changed(id)
        else:
            yield follow.moved(id, what)


class _Follow:
    """Rows of two shards at every step, and what their answers cost."""

    def __init__(self, one: Run, two: Run, here: str, there: str, ids: Collection[str]):
        self.one, self.two, self.here, self.there = one, two, here, there
        self.steps = [step for step in two.steps if step in one.steps and not two.steps[step].is_corpus_pass]
        self.before = {step: _rows(one, step, here, ids) for step in self.steps}
        self.after = {step: _rows(two, step, there, ids) for step in self.steps}
        self._keys: dict[str, set[str]] = {}
        self._paid: dict[str, list[Entry]] = {}

    def changed(self, id: str) -> Iterator[Change]:
        """One change for each attribute whose text differs."""
        last = self.steps[-1]
        was, now = self.before[last][id], self.after[last][id]
        for attribute, before, after in _texts(was, now):
            stage, causes = self._cause(id, attribute)
            usd = self._cost(id, stage, attribute)
            yield Change(id, "changed", attribute, stage, causes, usd, before, after)

    def moved(self, id: str, what: str) -> Change:
        """A clip that came in or went out, with the step and the reason."""
        last = _last(self.two)
        row = self.after.get(last, {}).get(id) if self.there else None
        other = self.before.get(last, {}).get(id) if self.here else None
        if what == "out" and row is None:
            stage, why = self._lost(id)
            return Change(id, what, stage=stage, causes=(why,), before=(other or {}).get("caption", ""))
        if what == "out":
            rules = tuple(reason["rule"] for reason in (row or {}).get("reasons", ()))
            return Change(id, what, stage=last, causes=rules, before=(other or {}).get("caption", ""))
        causes = ("input",) if other is None else tuple(reason["rule"] for reason in other.get("reasons", ()))
        return Change(id, what, stage=last, causes=causes, usd=self._cost(id, "", WHOLE),
                      after=(row or {}).get("caption", ""))  # fmt: skip

    def _lost(self, id: str) -> tuple[str, str]:
        """Where a clip that the second run has no row of was lost: the step that failed on it, or the input."""
        for step in self.two.steps:
            for shard in [self.here] if self.here else []:
                if any(failure.id == id for failure in self.two.failures(step, shard)):
                    return step, "failure"
        return next(iter(self.two.steps)), "input"

    def _cause(self, id: str, attribute: str) -> tuple[str, tuple[str, ...]]:
        for step in self.steps:
            was, now = self.before[step].get(id), self.after[step].get(id)
            if was == now:
                continue
            if was is None or now is None:
                return step, (self._why(step, attribute, {}, {})[0],)
            touched = _touched(was, now)
            if "" in touched or attribute in touched or (attribute == WHOLE and touched):
                concerned = attribute if attribute in touched or attribute == WHOLE else ""
                return step, self._why(step, concerned or attribute, was, now)
        return self.steps[-1], ("answer",)

    def _why(self, step: str, attribute: str, was: Plain, now: Plain) -> tuple[str, ...]:
        """Why a step that was given the same has made something else."""
        old, new = self.one.steps[step], self.two.steps[step]
        found: list[str] = []
        if not (issubclass(new.kind, Stage) and new.kind.models(new.config)):
            changed = old.config.what() != new.config.what() or old.kind.version != new.kind.version
            return ("setting",) if changed else ("input" if step == self.steps[0] else "clip",)
        by = [(_by(was, step_field, attribute), _by(now, step_field, attribute)) for step_field in _fields(new.kind)]
        if any(a["prompt"] != b["prompt"] for a, b in by if a and b):
            found.append("prompt")
        texts = (old.kind.texts(old.config, self.one.prompts), new.kind.texts(new.config, self.two.prompts))  # type: ignore[union-attr]
        names = ATTRIBUTES if attribute == WHOLE else (attribute,)
        if any(texts[0].get(name) != texts[1].get(name) for name in names):
            found.append("VERIFY list")
        models = [
            [run.manifest.models[name] for name in step_.kind.models(step_.config)]  # type: ignore[union-attr]
            for run, step_ in ((self.one, old), (self.two, new))
        ]
        if any((a["model"], a["provider"]) != (b["model"], b["provider"]) for a, b in by if a and b) or [
            (model.provider, model.model) for model in models[0]
        ] != [(model.provider, model.model) for model in models[1]]:
            found.append("model")
        settings = [_settings(step_.config.what()) for step_ in (old, new)]
        if settings[0] != settings[1] or [m.settings for m in models[0]] != [m.settings for m in models[1]]:
            found.append("setting")
        return tuple(found) or ("answer",)

    def _cost(self, id: str, stage: str, attribute: str) -> float | None:
        """USD of the second run's answers for a clip, from a step on, that the first run had not."""
        total = 0.0
        for step in self.steps[self.steps.index(stage) if stage else 0 :]:
            for entry in self._new(step):
                ours = entry.row == id and (attribute == WHOLE or entry.attribute in ("", attribute))
                config = self.two.manifest.models.get(entry.name)
                if not ours:
                    continue
                usd = cost(entry.usage, prices_of(config)) if config else None
                if usd is None:
                    return None
                total += usd
        return total

    def _new(self, step: str) -> list[Entry]:
        if step not in self._paid:
            known = {(entry.key, entry.at) for entry in _entries(self.one, step, self.here)}
            found = _entries(self.two, step, self.there)
            self._paid[step] = [entry for entry in found if not entry.origin and (entry.key, entry.at) not in known]
        return self._paid[step]


def _entries(run: Run, step: str, shard: str) -> Iterator[Entry]:
    folder = f"run:{step}/answers/{shard}"
    for name in run.storage.list(folder) if shard else ():
        if name.endswith(".jsonl"):
            yield from read_entries(run.storage.read(f"{folder}/{name}"))


def _rows(run: Run, step: str, shard: str, ids: Collection[str]) -> dict[str, Plain]:
    """Rows of a shard at a step that are, or lead to, some clips, without what says where files lie."""
    if not shard or not run.storage.exists(run.uri(step, shard)):
        return {}
    fields = [name for name in run.types(step)[1].model_fields if name not in PLACES]
    of_video: dict[str, list[str]] = defaultdict(list)
    for id in ids:
        of_video[id.split("-")[0]].append(id)
    found = {}
    for row in shards.read_columns(run.storage, run.uri(step, shard), fields):
        for id in (row["id"],) if row["id"] in ids else of_video.get(row["id"], ()):
            found[id] = _content(row)
    return found


def _content(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _content(item) for key, item in value.items() if key not in PLACES}
    return [_content(item) for item in value] if isinstance(value, list) else value


def _texts(was: Plain, now: Plain) -> Iterator[tuple[str, str, str]]:
    """Each attribute with its caption in both rows, where they differ; the caption of all when no other does."""
    old, new = was.get("captions") or {}, now.get("captions") or {}
    differ = [name for name in ATTRIBUTES if old.get(name) != new.get(name)]
    for name in differ:
        yield name, old.get(name) or "", new.get(name) or ""
    if not differ:
        yield WHOLE, was.get("caption", ""), now.get("caption", "")


def _touched(was: Plain, now: Plain) -> set[str]:
    """The attributes that a difference of two rows is about; "" among them for one that is about all."""
    touched: set[str] = set()
    for name in was.keys() | now.keys():
        old, new = was.get(name), now.get(name)
        if old == new:
            continue
        if name in BY_ATTRIBUTE:
            old, new = old or {}, new or {}
            touched.update(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        elif name in LISTS:
            parts = [{item["attribute"]: item for item in side or ()} for side in (old, new)]
            touched.update(key for key in parts[0].keys() | parts[1].keys() if parts[0].get(key) != parts[1].get(key))
        elif not (name == "caption" and "captions" in now):  # put together from the attributes
            touched.add("")
    return touched


def _fields(kind: type[Any]) -> Iterable[str]:
    """What a stage adds to its rows."""
    given, made = kind.types()[:2]
    return [name for name in made.model_fields if name not in given.model_fields]


def _by(row: Plain, field: str, attribute: str) -> Plain | None:
    """Who wrote a field, or that part of it which is about an attribute."""
    value = row.get(field)
    if field in LISTS and isinstance(value, list):
        value = next((item.get("by") for item in value if attribute in (item["attribute"], WHOLE)), None)
    return value if isinstance(value, dict) and value.keys() == BY else None


def _settings(what: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in what.items() if name not in ("model", "prompt", "shard")}
