"""The dataset's card: YAML by which `load_dataset` and the viewer find configs and splits, and the run's figures.

Names, licences and sources come from outside: in tables they are escaped, so that none breaks the card or is a link.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.dataset.identity import described
from asid.pipeline.figures import UNKNOWN, Figures, Quality
from asid.pipeline.text import plural

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&:@$^=-])")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
         (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))  # fmt: skip
# The Hub's own names; a licence without its version has none.
LICENCES = {"cc-by-4.0", "cc-by-3.0", "cc-by-sa-4.0", "cc-by-sa-3.0", "cc-by-nc-4.0", "cc0-1.0", "apache-2.0", "mit"}
SHOWN = 20  # lines of a table of sources


def plain(text: object) -> str:
    """Untrusted text for one cell of a Markdown table: no markup, no line breaks, at most 120 characters."""
    shown = "".join(char if char.isprintable() else " " for char in str(text))[:120]
    return SPECIAL.sub(r"\\\1", shown).replace("\\<", "&lt;").replace("\\>", "&gt;")


def card(title: str, figures: Figures, files: Mapping[str, str], *, videos: str, held_back: str) -> str:
    """`files`: Parquet files as CONFIG/SPLIT-NUMBER.parquet under `data/`, with the digest of each; `videos`: what the
    video column holds."""
    parts = [
        f"---\n{_yaml(_metadata(title, figures, files))}---\n",
        f"# {plain(title)}\n",
        _about(figures, videos, held_back),
        "## From the videos to the dataset\n",
        _funnel(figures),
        "## What is in it\n",
        _contents(figures),
        "## How good the captions are\n",
        _quality(figures),
        "## Who wrote them\n",
        _writers(figures),
        "## Licences and sources\n",
        _licences(figures),
        "## Known limits\n",
        _limits(figures),
    ]
    return "\n".join(parts)


def configs(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The `configs` of the card, from the names of the files and the digest of each."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(files):
        config, _, name = file.partition("/")
        split = name.rsplit("-", 1)[0]
        found.setdefault(config, {})[split] = f"data/{config}/{split}-*.parquet"
    return [
        {
            "config_name": config,
            **({"default": True} if config == "all_attributes" else {}),
            "description": described({name: of for name, of in files.items() if name.startswith(f"{config}/")}),
            "data_files": [{"split": split, "path": path} for split, path in splits.items()],
        }
        for config, splits in found.items()
    ]


def _metadata(title: str, figures: Figures, files: Mapping[str, str]) -> dict[str, Any]:
    size = next((name for limit, name in SIZES if figures.kept < limit), "n>1T")
    languages = sorted({code for code in figures.languages if re.fullmatch(r"[a-z]{2,3}", code)} | {"en"})
    stated = [name for name in figures.licences if name != UNKNOWN]
    only = stated[0].lower() if len(figures.licences) == len(stated) == 1 else ""
    return {
        "pretty_name": Quoted(re.sub(r"[^\w .,()-]", " ", title)[:100]),
        "license": only if only in LICENCES else "other",
        "language": [Quoted(code) for code in languages],  # the Hub reads a bare `no` as false
        "task_categories": ["video-text-to-text"],
        "tags": ["video-captioning", "audiovisual", "asid"],
        "size_categories": [size],
        "configs": configs(files),
    }


def _yaml(values: Mapping[str, Any]) -> str:
    sink = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(values, sink)
    return sink.getvalue()


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _about(figures: Figures, videos: str, held_back: str) -> str:
    apart = "captions" in figures.columns
    each = f", one caption for each attribute ({', '.join(ATTRIBUTES)})," if apart else ""
    paired = "rejected" in figures.columns
    pairs = " `rejected` is a worse caption of the same clip, for preference training." if paired else ""
    single = ", `single_attribute` one for each clip and attribute" if apart else ""
    return (
        f"{plural(figures.kept, 'clip')}, {figures.seconds / 3600:.2f} hours, each with a caption that tells in order "
        f"of time what is seen and heard{each} and a transcript with speakers. Made by `asid`, a pipeline after "
        "ASID-Verify.\n\n"
        f"`all_attributes` has a row for each clip{single}.{pairs} {videos} {held_back}\n\n"
        '```python\nfrom datasets import load_dataset\n\nclips = load_dataset(REPOSITORY, "all_attributes")\n```\n'
    )


def _funnel(figures: Figures) -> str:
    rows = [(step.name, step.rows, step.failed, _counted(step.kinds)) for step in figures.steps]
    dropped = f"{plural(figures.kept, 'clip')} kept and {figures.dropped} dropped"
    rules = f": {plain(_counted(figures.rules))}" if figures.rules else ""
    return (
        _table(("stage", "rows out", "failed", "why"), rows)
        + f"\n{dropped}{rules}. A clip may fall to several rules.\n"
    )


def _contents(figures: Figures) -> str:
    count = figures.kept or 1
    rows = [
        ("clips", figures.kept),
        ("mean length", f"{figures.seconds / count:.1f} s, longest {figures.longest:.1f} s"),
        ("without sound", figures.silent),
        ("words in a caption", f"{figures.words / count:.0f} on average"),
        ("shots in a clip", f"{sum(n * c for n, c in figures.shots.items()) / count:.1f} on average"),
        ("speakers in a clip", _counted(Counter({str(n): c for n, c in sorted(figures.speakers.items())}))),
        ("languages", _counted(figures.languages)),
    ]
    return _table(("", ""), rows)


def _quality(figures: Figures) -> str:
    quotes = f"{figures.quotes_found} of {figures.quoted} quotations were found in the transcript."
    if not figures.quality:
        return f"No audit was made: nobody has looked for errors and omissions clip by clip. {quotes}\n"
    audited = [point for point in figures.quality if not point.by_rules]
    ruled = [point for point in figures.quality if point.by_rules]
    claimed = "*Claimed* takes the refinement's word for what it mended; no second audit stands behind it."
    parts = []
    if audited:
        said = "Rates of clips in which the audit found no error, nothing missing, and neither."
        parts.append(" ".join([f"{_rates(audited)}\n{said} {claimed}", *_unheard(audited)]))
    if ruled:
        said = (
            "Nobody has audited these captions: rules held them against the detections that they were composed of. "
            "The rates say how often a rule was broken, not how often a caption is right."
        )
        parts.append(f"{_rates(ruled)}\n{said} {claimed}")
    return "\n\n".join(parts) + f" {quotes}\n"


def _unheard(points: Sequence[Quality]) -> Iterator[str]:
    """Say of how many clips no auditor could hear what it would have had to judge."""
    for point in points:
        if point.partly:
            yield f"{point.label}: of {point.partly} of {point.clips} clips no sound was sent to the auditor."
        if point.unheard:
            clips = plural(point.unheard, "clip")
            yield f"{point.label}: {clips} in no rate, as an attribute could not be judged at all."


def _rates(points: Sequence[Quality]) -> str:
    rows = [(point.label, point.told, point.clips, *(f"{rate:.1%}" for rate in point.rates().values()))
            for point in points]  # fmt: skip
    return _table(("captions", "how", "clips", *points[0].rates()), rows)


def _writers(figures: Figures) -> str:
    rows = [(role, model, provider, prompt or "none", count)
            for (role, model, provider, prompt), count in sorted(figures.writers.items())]  # fmt: skip
    usd = "unknown, since a price is not" if figures.usd is None else f"{figures.usd:.2f} USD"
    heard = plain(_counted(figures.hearing))
    return (
        _table(("text", "model", "provider", "prompt", "count"), rows)
        + f"\n`prompt` is the beginning of the SHA-256 of the prompt's text. Heard by: {heard}. "
        f"The calls cost {usd}.\n"
    )


def _licences(figures: Figures) -> str:
    licences = _table(("licence", "clips"), figures.licences.most_common(SHOWN))
    sources = _table(("source", "clips"), figures.sources.most_common(SHOWN))
    more = len(figures.sources) - SHOWN
    rest = f"\nand {more} more sources; every row names its own.\n" if more > 0 else ""
    return f"{licences}\n{sources}{rest}\nThe columns `licence` and `source` carry both for each clip.\n"


def _limits(figures: Figures) -> str:
    providers = {provider for _, _, provider, _ in figures.writers}
    lines = ["Captions were written and checked by models: no person has looked at each of them."]
    if "embedded" in providers:
        lines.append(
            "The embedded models compose sentences from detections: they say less than a language model would, and "
            "nothing of what no detector looks for."
        )
    if "scripted" in providers:
        lines.append("**A scripted model took part: these captions are for trying the pipeline, not for training.**")
    if failed := sum(step.failed for step in figures.steps):
        lines.append(f"{plural(failed, 'row')} failed on the way and left nothing here; the table above says why.")
    if UNKNOWN in figures.licences:
        lines.append(f"For {plural(figures.licences[UNKNOWN], 'clip')} no licence is stated.")
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _counted(counter: Mapping[str, int]) -> str:
    ordered = sorted(counter.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered[:12])
