"""ms-swift: `messages` with `videos`, one JSON object a line.

Clips with and without sound are in files apart: its template for Qwen-Omni stops at a batch that mixes them. With
`audio` "video" train with USE_AUDIO_IN_VIDEO=true on the `sound` files; with "file" each has its sound in `audios`.
Sets for GRPO have the question alone, and the answer in `solution`.
Drawn training stages have files of their own, such as `stage2_sound.jsonl`. Preference pairs have their worse answer in
`rejected_response` (`swift rlhf`), and what they were scored by in `reference`, for gDPO's loss.
"""

from __future__ import annotations

from collections.abc import Iterable

from asid.pipeline.dataset.export import grpo
from asid.pipeline.dataset.export.items import Kept
from asid.pipeline.dataset.export.tools import Exporter, Tools, messages, truth


def write(clips: Iterable[Kept], tools: Tools) -> None:
    """Write conversations as ms-swift reads them."""
    for clip in clips:
        media = {"videos": [tools.media.video(clip)]}
        marks = "<video>"
        if clip.sound and tools.audio == "file":
            media["audios"] = [tools.media.sound(clip)]
            marks = "<video><audio>"
        if tools.grpo is not None:
            name = f"grpo_{'sound' if clip.sound else 'silent'}.jsonl"
            for item in tools.items(clip) if tools.grpo.get(clip.id) else ():
                for _ in range(tools.grpo[clip.id]):
                    tools.folder.line(name, {**grpo.row(clip, item, marks), **media})
            continue
        for item in tools.items(clip):
            name = f"{tools.group(clip, item)}_{'sound' if clip.sound else 'silent'}.jsonl"
            pair = {"rejected_response": item.rejected, **truth(clip)} if item.rejected else {}
            tools.folder.line(name, {"messages": messages(item, marks), **pair, **media})


EXPORTER = Exporter(write, pairs=True)
