"""LLaMA-Factory: `messages`, `videos` and `audios`, with an entry for each file in `dataset_info.json`.

Every `<video>` is followed by its `<audio>`, as `use_audio_in_video` expects; the sound is a file of its own. Clips
without sound are in files apart, without `audios`. Preference pairs are in files of their own, with `chosen` and
`rejected`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from asid.pipeline.dataset.export.items import Kept
from asid.pipeline.dataset.export.tools import Exporter, Tools, messages, truth


def write(clips: Iterable[Kept], tools: Tools) -> None:
    """Write conversations as LLaMA-Factory reads them."""
    for clip in clips:
        media = {"videos": [tools.media.video(clip)]}
        heard = clip.sound and tools.audio != "none"
        if heard:
            media["audios"] = [tools.media.sound(clip)]
        for item in tools.items(clip):
            name = f"{tools.group(clip, item)}_{'sound' if heard else 'silent'}.jsonl"
            marks = "<video><audio>" if heard else "<video>"
            asked, answered = messages(item, marks)
            if item.rejected:
                pair = {"chosen": answered, "rejected": answered | {"content": item.rejected}, **truth(clip)}
                tools.folder.line(f"pairs_{name}", {"messages": [asked], **pair, **media})
            else:
                tools.folder.line(name, {"messages": [asked, answered], **media})
    entries = {f"asid_{file.removesuffix('.jsonl')}": entry(file) for file in sorted(tools.folder.lines)}
    tools.folder.text("dataset_info.json", json.dumps(entries, indent=2) + "\n")


def entry(file: str) -> dict[str, Any]:
    """How LLaMA-Factory is to read one of the files."""
    columns = {"messages": "messages", "videos": "videos"}
    if file.endswith("_sound.jsonl"):
        columns["audios"] = "audios"
    ranking = {}
    if file.startswith("pairs_"):
        columns |= {"chosen": "chosen", "rejected": "rejected"}
        ranking = {"ranking": True}
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    return {"file_name": file, "formatting": "sharegpt", "columns": columns, "tags": tags, **ranking}


EXPORTER = Exporter(write, pairs=True)
