"""ASID-1M's own shape: JSON lines for each config and duration, which `datasets.load_dataset` reads by the card.

The three files of the training part are the paper's three stages: single attributes up to 3 minutes; all attributes up
to 30 seconds; all attributes from 30 seconds to 3 minutes. Longer clips, which the paper has none of, stand apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from asid.pipeline.dataset.export.items import Item, Kept
from asid.pipeline.dataset.export.splits import TRAIN
from asid.pipeline.dataset.export.tools import Exporter, Tools, messages
from asid.pipeline.dataset.identity import CARD, described

CONFIGS = {"all": "all_attributes", "single": "single_attribute", "subset": "some_attributes"}
SHORT, LONG = 30.0, 180.0  # s


def write(clips: Iterable[Kept], tools: Tools) -> None:
    """Write one line of JSON for each question and its answer, as ASID-1M has them."""
    for clip in clips:
        video = tools.media.video(clip)
        for item in tools.items(clip):
            tools.folder.line(
                f"{CONFIGS[item.kind]}/{part(clip, item)}.jsonl",
                {
                    "messages": messages(item, "<video>"),
                    "videos": [video],
                    "id": clip.id,
                    "attributes": list(item.attributes),
                    "duration": clip.duration,
                    "sound": clip.sound,
                },
            )
    tools.folder.text(CARD, card({file: tools.folder.digest(file) for file in tools.folder.lines}))


def part(clip: Kept, item: Item) -> str:
    """The split an item is in: its training stage, or that of the split held back."""
    if clip.duration > LONG:
        name = "over_3_m"
    elif item.kind == "all":
        name = "0_30_s" if clip.duration <= SHORT else "30_s_3_m"
    else:
        name = "0_3_m"
    return name if clip.split == TRAIN else f"{clip.split}_{name}"


def card(files: Mapping[str, str]) -> str:
    """The YAML by which `load_dataset` finds configs and splits. `files`: file -> digest."""
    configs = defaultdict(list)
    for file in sorted(files):
        config, _, name = file.partition("/")
        configs[config].append(name.removesuffix(".jsonl"))
    lines = ["---", "configs:"]
    for config, names in configs.items():
        rows = described({file: digest for file, digest in files.items() if file.startswith(f"{config}/")})
        lines += [f"- config_name: {config}", f"  description: {rows}", "  data_files:"]
        lines += [f'  - split: "{name}"\n    path: {config}/{name}.jsonl' for name in names]
    return "\n".join([*lines, "---", ""])


EXPORTER = Exporter(write)
