"""WebDataset shards: plain tar files whose members of one stem belong together. Listing reads the headers and the
small JSON and text members; a video is copied out only when its turn comes, from its place in the tar.

The address of a member is the tar's with `#NAME@OFFSET+SIZE`, NAME percent-encoded."""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asid.pipeline.inputs.base import InputConfig, Listed, ending, listed, refused, text
from asid.pipeline.inputs.beside import passed_over
from asid.pipeline.rows import Failure
from asid.pipeline.storage import Storage, display_name

MEMBER = re.compile(r"(?P<tar>.+)#(?P<name>[^#]*)@(?P<offset>\d+)\+(?P<size>\d+)", re.DOTALL)
STEM = re.compile(r"(?P<stem>(?:.*/)?[^/.][^/.]*)(?P<kind>\..*)?", re.DOTALL)
SIDE_BYTES = 1 << 20  # a larger JSON or text beside a video is left where it is
COPY = 1 << 20


def is_tar(address: str) -> bool:
    """Whether an address is of a tar."""
    return ending(address) == ".tar"


def is_member(uri: str) -> bool:
    """Whether an address is of a file in a tar."""
    return MEMBER.fullmatch(uri) is not None


def read_tar(uri: str, config: InputConfig, storage: Storage, skipped: Counter[str]) -> Iterator[Listed | Failure]:
    """The videos in the tar at `uri`, in its order. What `.json` and `.txt` beside them say becomes tags; `skipped`
    counts the other members."""
    stem = ""
    videos: list[tuple[str, str]] = []
    columns: dict[str, Any] = {}
    for member in _members(uri, storage, skipped):
        if isinstance(member, Failure):
            yield member
            continue
        name, address, side = member
        match = STEM.fullmatch(name)
        here = match["stem"] if match else name
        if here != stem:
            yield from _sample(uri, videos, columns, config)
            stem, videos, columns = here, [], {}
        if side is None:
            videos.append((name, address))
        else:
            columns |= _columns(name, side)
    yield from _sample(uri, videos, columns, config)


def copy_member(uri: str, target: Path, storage: Storage) -> None:
    """Write the bytes of a member to `target`. Raises OSError, or EOFError when the tar has become shorter."""
    match = MEMBER.fullmatch(uri)
    if match is None:
        raise ValueError(f"{uri} is not the address of a tar member")
    left = int(match["size"])
    with storage.open(match["tar"]) as tar, open(target, "wb") as out:
        tar.seek(int(match["offset"]))
        while left:
            piece = tar.read(min(COPY, left))
            if not piece:
                raise EOFError(f"the tar ends {left} bytes before its member does")
            out.write(piece)
            left -= len(piece)


def _members(uri: str, storage: Storage, skipped: Counter[str]) -> Iterator[tuple[str, str, bytes | None] | Failure]:
    """Name and address of each member that may be a video, and each small member beside one, with its bytes."""
    shard = display_name(uri)
    with storage.open(uri) as file:
        whole = file.seek(0, os.SEEK_END)
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for member in tar:
                    tar.members = []  # type: ignore[attr-defined]  # else it keeps every header it has seen
                    name = text(member.name)
                    address = f"{uri}#{quote(name)}@{member.offset_data}+{member.size}"
                    if member.isdir():
                        continue
                    if not member.isreg() or member.issparse():
                        yield refused(address, "not_a_file", "a link or a special file in a tar", f"{shard}/{name}")
                    elif member.offset_data + member.size > whole:
                        yield refused(address, "cut_short", "the tar ends before this member", f"{shard}/{name}")
                        return
                    elif not (beside := passed_over(name)):
                        yield name, address, None
                    elif beside in (".json", ".txt") and member.size <= SIDE_BYTES:
                        side = tar.extractfile(member)
                        assert side is not None
                        yield name, address, side.read()
                    else:
                        skipped[beside] += 1
        except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:  # of headers that mean harm
            yield refused(uri, "bad_tar", f"not a plain tar file, or damaged: {error}")


def _sample(
    uri: str, videos: list[tuple[str, str]], columns: dict[str, Any], config: InputConfig
) -> Iterator[Listed | Failure]:
    for name, address in videos:
        yield listed(address, config, columns, f"{display_name(uri)}/{name}")


def _columns(name: str, side: bytes) -> dict[str, Any]:
    words = side.decode("utf-8-sig", "backslashreplace").strip()
    if ending(name) == ".txt":
        return {"text": words}
    try:
        values = json.loads(words)
    except (ValueError, RecursionError):
        return {"json": words}
    return values if isinstance(values, dict) else {"json": words}
