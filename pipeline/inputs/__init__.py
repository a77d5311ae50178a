"""What the manifest's `inputs` hold: every file that may be a video, one row each, nothing opened that could hang."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from asid.pipeline.inputs.base import InputConfig, InputError, Listed, is_beside, listed, refused
from asid.pipeline.inputs.folders import Found, braces, look, walk
from asid.pipeline.inputs.hub import is_hub, read_dataset
from asid.pipeline.inputs.lists import is_list, read_list
from asid.pipeline.inputs.packing import fold_duplicates, pack
from asid.pipeline.inputs.tars import is_tar, read_tar
from asid.pipeline.rows import Failure
from asid.pipeline.storage import REMOTE, Storage, to_path, to_uri

__all__ = ["InputConfig", "InputError", "Listed", "fold_duplicates", "list_inputs", "pack"]


def list_inputs(
    inputs: Iterable[InputConfig], storage: Storage, skipped: Counter[str] | None = None
) -> Iterator[Listed | Failure]:
    """Every file of every input, in order. A file that cannot be a row is a Failure; `skipped` counts by ending the
    files that lie beside videos. Raises InputError for an input that is not there."""
    skipped = Counter() if skipped is None else skipped
    for config in inputs:
        if is_hub(config.path):
            yield from read_dataset(config, storage)
        elif config.path.startswith(REMOTE):
            yield from _bucket(config, storage, skipped)
        else:
            yield from _local(config, storage, skipped)


def _local(config: InputConfig, storage: Storage, skipped: Counter[str]) -> Iterator[Listed | Failure]:
    path = os.fspath(to_path(config.path)) if config.path.startswith("file://") else os.path.expanduser(config.path)
    if os.path.lexists(path):
        paths = [path]
    else:
        paths = [
            match
            for pattern in braces(path)
            for match in sorted(glob.glob(pattern, recursive=True, include_hidden=True), key=os.fsencode)
        ]
        if not paths:
            raise InputError(f"there is nothing at {config.path}")
    for one in paths:
        found = look(to_path(to_uri(one)))
        if found.folder:
            for inner in walk(found.path, skipped):
                yield from _file(inner, config, storage, listing=False)
        else:
            yield from _file(found, config, storage, listing=True)


def _file(found: Found, config: InputConfig, storage: Storage, listing: bool) -> Iterator[Listed | Failure]:
    """One thing on local disk. `listing`: it was named itself, so that a list is read and not passed over."""
    uri = to_uri(found.path)
    if found.kind:
        yield refused(uri, found.kind, found.reason)
    else:
        yield from _at(uri, config, storage, listing)


def _at(uri: str, config: InputConfig, storage: Storage, listing: bool) -> Iterator[Listed | Failure]:
    if is_tar(uri):
        yield from read_tar(uri, config, storage)
    elif listing and is_list(uri):
        yield from read_list(uri, config, storage)
    else:
        yield listed(uri, config)


def _bucket(config: InputConfig, storage: Storage, skipped: Counter[str]) -> Iterator[Listed | Failure]:
    try:
        for address in braces(config.path):
            fixed = re.split(r"[*?\[]", address, maxsplit=1)[0]
            if fixed == address and storage.is_file(address):
                yield from _at(address, config, storage, listing=True)
                continue
            pattern = re.compile(_pattern(address)) if fixed != address else None
            empty = True
            for uri in storage.walk(address.rstrip("/") if pattern is None else fixed.rpartition("/")[0]):
                if pattern and not pattern.fullmatch(uri):
                    continue
                empty = False
                name = uri.rpartition("/")[2]
                if is_beside(name):
                    skipped["." + name.rpartition(".")[2].lower()] += 1
                else:
                    yield from _at(uri, config, storage, listing=False)
            if empty:
                raise InputError(f"there is nothing at {address}")
    except OSError as error:
        raise InputError(f"{config.path}: {error}") from error


def _pattern(address: str) -> str:
    """A glob as a regular expression: `**/` any folders, `*` and `?` within one name."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(parts.get(part) or re.escape(part) for part in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", address))
