"""WebDataset: tar shards in which each clip is a video and a JSON object of the same name.

The same run gives the same bytes: members have no owner and no date.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterable

from asid.pipeline.dataset.export.items import Kept
from asid.pipeline.dataset.export.media import suffix
from asid.pipeline.dataset.export.tools import Exporter, Tools


def write(clips: Iterable[Kept], tools: Tools) -> None:
    """Write tars with a video and its description for each clip."""
    tars: dict[str, tarfile.TarFile] = {}
    numbers: Counter[str] = Counter()
    try:
        for clip in clips:
            split = clip.split
            if split in tars and tars[split].offset >= tools.tar_bytes:
                tars.pop(split).close()
            if split not in tars:
                name = f"{split}-{numbers[split]:06d}.tar"
                numbers[split] += 1
                tars[split] = tarfile.open(tools.folder.file(name), "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
            described = json.dumps(description(clip, tools), ensure_ascii=False, sort_keys=True).encode()
            _add(tars[split], clip.id + suffix(clip), tools.media.content(clip))
            _add(tars[split], f"{clip.id}.json", described)
            tools.folder.lines[f"{split}.tar"] += 1
    finally:
        for tar in tars.values():
            tar.close()


def description(clip: Kept, tools: Tools) -> dict[str, object]:
    """Give the JSON that stands beside a video in its tar."""
    asked = [{"prompt": item.prompt, "answer": item.answer, "attributes": item.attributes}
             for item in tools.items(clip)]  # fmt: skip
    kept = {"id": clip.id, "video": clip.video, "duration": clip.duration, "sound": clip.sound}
    told = {"language": clip.language, "licence": clip.licence, "source": clip.source}
    return {**kept, **told, "caption": clip.caption, **clip.captions, "items": asked}


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


EXPORTER = Exporter(write)
