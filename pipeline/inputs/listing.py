"""Listing of inputs: every file that may be a video, one row each, nothing opened that could hang."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from asid.pipeline.inputs.base import InputConfig, InputError, Listed, ending, listed, refused
from asid.pipeline.inputs.beside import is_growing, is_partial, passed_over
from asid.pipeline.inputs.folders import Found, braces, look, walk
from asid.pipeline.inputs.hub import is_hub
from asid.pipeline.inputs.lists import UNFINISHED, files_below, is_list, is_plain_list, read_list, read_parts
from asid.pipeline.inputs.own import RUN, OwnFolders, lies_in, own_folders
from asid.pipeline.inputs.tars import is_tar, read_tar
from asid.pipeline.registry import INPUTS
from asid.pipeline.rows import Failure
from asid.pipeline.storage import REMOTE, Storage, to_path, to_uri

Reader = Callable[[InputConfig, Storage, Counter[str]], Iterator[Listed | Failure]]


def list_inputs(
    inputs: Iterable[InputConfig], storage: Storage, skipped: Counter[str] | None = None
) -> Iterator[Listed | Failure]:
    """Every file of every input, in order. A file that cannot be a row is a Failure; `skipped` counts by ending the
    files that lie beside videos. Raises InputError for an input that is not there."""
    skipped = Counter() if skipped is None else skipped
    for config in inputs:
        read: Reader = INPUTS.find(kind_of(config))
        yield from read(config, storage, skipped)


def kind_of(config: InputConfig) -> str:
    """How an input is read: as its `kind` says, else by its address."""
    scheme, found, _ = config.path.partition("://")
    if config.kind:
        return config.kind
    if is_hub(config.path):
        return "hub"
    if config.path.startswith(REMOTE):
        return "bucket"
    return scheme if found and scheme != "file" and INPUTS.knows(scheme) else "local"


def read_local(config: InputConfig, storage: Storage, skipped: Counter[str]) -> Iterator[Listed | Failure]:
    """List files on local disk: a file, a folder, a glob, a list or a tar."""
    path = os.fspath(to_path(config.path)) if config.path.startswith("file://") else os.path.expanduser(config.path)
    paths = [(path, "")] if os.path.lexists(path) else []
    if not paths:
        paths = [
            (match, pattern)
            for pattern in braces(path)
            for match in sorted(glob.glob(pattern, recursive=True, include_hidden=True), key=os.fsencode)
        ]
        if not paths:
            raise InputError(f"there is nothing at {config.path}")
    ours = OwnFolders()
    for one, pattern in paths:
        found = look(to_path(to_uri(one)))
        if pattern and (own := ours.of(found.path)):
            skipped[own] += 1
        elif pattern and (beside := _beside(found, one, pattern)):
            skipped[beside] += 1
        elif found.folder:
            table = list(islice(read_parts(to_uri(found.path), files_below(found.path), config, storage), 1))
            if table:
                yield from read_parts(to_uri(found.path), files_below(found.path), config, storage)
                continue
            for inner in walk(found.path, skipped):
                yield from _file(inner, config, storage, skipped, listing=False)
        else:
            yield from _file(
                found, config, storage, skipped, listing=not pattern or _is_meant(found.path.name, pattern)
            )


def _beside(found: Found, path: str, pattern: str) -> str:
    """How what a pattern has found is counted when it is passed over: not what the pattern asks for by its ending."""
    inner = path[len(re.split(r"[*?\[]", pattern, maxsplit=1)[0].rpartition("/")[0]) :].strip("/")
    if found.folder:
        return passed_over(inner + "/")
    name = found.path.name
    beside = passed_over(inner)
    if beside and beside == ending(name) and _is_meant(name, pattern) and not is_partial(name):
        return ""
    return beside or _growing(found)


def _is_meant(name: str, pattern: str) -> bool:
    return is_plain_list(name) or (ending(name) != "" and pattern.lower().endswith(ending(name)))


def _growing(found: Found) -> str:
    return is_growing(found.path.name, found.size, lambda name: os.path.lexists(found.path.with_name(name)))


def _file(
    found: Found, config: InputConfig, storage: Storage, skipped: Counter[str], listing: bool
) -> Iterator[Listed | Failure]:
    """One thing on local disk. `listing`: it was named itself, so that a list is read and not passed over."""
    uri = to_uri(found.path)
    if found.kind:
        yield refused(uri, found.kind, found.reason)
    elif listing and (is_partial(found.path.name) or _growing(found)):
        yield refused(uri, "partial_download", UNFINISHED)
    else:
        yield from _at(uri, config, storage, skipped, listing, found.stamp)


def _at(
    uri: str, config: InputConfig, storage: Storage, skipped: Counter[str], listing: bool, stamp: str = ""
) -> Iterator[Listed | Failure]:
    if is_tar(uri):
        yield from read_tar(uri, config, storage, skipped)
    elif listing and is_list(uri):
        yield from read_list(uri, config, storage)
    else:
        yield listed(uri, config, stamp=stamp)


def read_bucket(config: InputConfig, storage: Storage, skipped: Counter[str]) -> Iterator[Listed | Failure]:
    """List files in a bucket: one, all below an address, or those that a glob fits."""
    try:
        for address in braces(config.path):
            fixed = re.split(r"[*?\[]", address, maxsplit=1)[0]
            if fixed == address and storage.is_file(address):
                yield from _at(address, config, storage, skipped, listing=True)
                continue
            pattern = re.compile(_pattern(address)) if fixed != address else None
            top = address.rstrip("/") if pattern is None else fixed.rpartition("/")[0]
            stamps = dict(storage.stamps(top))
            own = own_folders(list(stamps))
            uris = [uri for uri in stamps if not pattern or pattern.fullmatch(uri)]
            empty, there = not uris, frozenset(uris)
            skipped.update({RUN: len(own)} if own else {})
            uris = [uri for uri in uris if not lies_in(uri, own)]
            table = False
            if pattern is None:
                for row in read_parts(top, (uri[len(top) + 1 :] for uri in uris), config, storage):
                    table = True
                    yield row
            for uri in uris if not table else ():
                if beside := passed_over(uri[len(top) + 1 :]) or is_growing(uri, 1, there.__contains__):
                    skipped[beside] += 1
                else:
                    yield from _at(uri, config, storage, skipped, listing=False, stamp=stamps[uri])
            if empty:
                raise InputError(f"there is nothing at {address}")
    except OSError as error:
        raise InputError(f"{config.path}: {error}") from error


def _pattern(address: str) -> str:
    """A glob as a regular expression: `**/` any folders, `*` and `?` within one name."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(parts.get(part) or re.escape(part) for part in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", address))
