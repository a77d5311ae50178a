"""What an exporter writes with: which items of a clip, in which group of files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from asid.pipeline.dataset.export.folder import Folder
from asid.pipeline.dataset.export.items import Item
from asid.pipeline.dataset.export.stages import Amounts, draw_stages
from asid.pipeline.dataset.export.tools import messages
from asid.pipeline.registry import EXPORTERS
from tests.kits import exportkit


def test_without_training_stages_a_group_is_a_split_and_nothing_is_left_out(tmp_path: Path) -> None:
    tools = exportkit.tools(Folder(tmp_path), tmp_path, kinds=("all", "single"))
    clip = exportkit.clip(split="test", duration=500.0)
    items = list(tools.items(clip))
    assert [one.kind for one in items] == ["all", "single", "single"]
    assert {tools.group(clip, one) for one in items} == {"test"}


def test_drawn_stages_name_the_group_and_leave_out_what_was_not_drawn(tmp_path: Path) -> None:
    tools = exportkit.tools(Folder(tmp_path), tmp_path, kinds=("all", "single"))
    clips = [
        exportkit.clip(0),
        exportkit.clip(1, duration=60.0),
        exportkit.clip(2, split="test"),
        exportkit.clip(3, duration=200.0),
    ]
    amounts = Amounts({("stage1", ""): 1})
    drawn = replace(tools, drawn=draw_stages(clips, tools.wordings, tools.kinds, amounts, 0))
    found = [(clip.id, drawn.group(clip, item)) for clip in clips for item in drawn.items(clip)]
    assert [group for _, group in found if group != "stage1"] == ["stage2", "stage3"]
    assert len(found) == 3 and {id for id, _ in found} <= {"c000", "c001"}


def test_media_stand_before_the_question() -> None:
    asked, answered = messages(Item("all", (), "What?", "That."), "<video><audio>")
    assert asked == {"role": "user", "content": "<video><audio>What?"}
    assert answered == {"role": "assistant", "content": "That."}


def test_every_shipped_format_is_an_exporter_and_those_for_pairs_say_so() -> None:
    found = {name: EXPORTERS.find(name) for name in EXPORTERS.shipped}
    assert {name for name, exporter in found.items() if exporter.pairs} == {"ms-swift", "llama-factory", "trl"}
    assert {name for name, exporter in found.items() if exporter.frames} == {"trl"}
    assert all(callable(exporter.write) for exporter in found.values())
