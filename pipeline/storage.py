"""Files of a run and of its inputs, on local disk or in a bucket, behind one small class.

Addresses are `run:RELATIVE` for what the pipeline wrote under the run, else `file://`, `s3://`, `gs://`.
A write appears whole or not at all: on disk by `os.replace`, in a bucket because one PUT is atomic.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pyarrow import fs

from asid.pipeline.scratch import clear, owned

Result = TypeVar("Result")
REMOTE = ("s3://", "gs://", "gcs://")
ATTEMPTS = 10  # of one request to a bucket: a store under load turns many away
HURRY = 0.8  # s for one answer, where somebody waits to begin
HURRIED = 4  # of one request, then
ANSWER = 2.0  # s for a bucket to answer at all, before a run begins
TRIES = 5  # of a whole action on one
FINAL = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)  # no further try mends them
SCRATCH, PARTIAL = "scratch", ".partial-"  # of what is not finished: the folder in a run, and how files are named
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
CACHE_GB = 50.0  # of copies from buckets on each node, unless ASID_CACHE_GB says otherwise
MOVES = "run:moved.json"  # of inputs: where they lay when they were taken up -> where they lie now
IN_USE = 3600.0  # s since a copy was last asked for, during which it stays whatever the bound


def to_uri(path: str | os.PathLike[str]) -> str:
    """The address of a local path or of something that is an address already; any bytes in a name survive."""
    text = os.fspath(path)
    if text.startswith((*REMOTE, "file://", "run:")):
        return text
    return "file://" + quote(os.fsencode(os.path.abspath(text)))


def to_path(uri: str) -> Path:
    """The local path of a `file://` address."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise ValueError(f"{uri} is not a local file")
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix("file://"))))


def stamp(size: int, time: int) -> str:
    """What a listing says of a file's bytes: their number, and when they were written, in nanoseconds."""
    return f"{size}-{time}"


def display_name(path: str | os.PathLike[str]) -> str:
    """The last part of a path or address, for people and for UTF-8 tables: undecodable bytes are escaped."""
    text = os.fspath(path)
    name = unquote_to_bytes(text.rsplit("/", 1)[-1]) if "://" in text else os.fsencode(os.path.basename(text))
    return name.decode("utf-8", "backslashreplace")


class Storage:
    """The run folder, with reading of everything else. Cheap to make, safe to send to a worker."""

    def __init__(self, root: str | os.PathLike[str], cache: str | os.PathLike[str] | None = None):
        self.root = to_uri(root).rstrip("/")
        self.cache = Path(cache) if cache else Path(tempfile.gettempdir()) / f"asid-cache-{os.getuid()}"
        self._systems: dict[str, fs.FileSystem] = {}

    def __getstate__(self) -> dict[str, object]:
        return {"root": self.root, "cache": self.cache, "_systems": {}}

    @property
    def is_local(self) -> bool:
        """Whether it is a disk of this machine."""
        return self.root.startswith("file://")

    def resolve(self, uri: str) -> str:
        """`run:` addresses made absolute; a path that climbs out of the run is refused."""
        if not uri.startswith("run:"):
            return to_uri(uri)
        relative = uri.removeprefix("run:")
        if relative.startswith("/") or ".." in relative.split("/"):
            raise ValueError(f"{uri} leaves the run folder")
        return f"{self.root}/{quote(relative) if self.is_local else relative}"

    def _at(self, uri: str) -> tuple[fs.FileSystem, str]:
        address = self.resolve(uri)
        if address.startswith("file://"):
            return self._systems.setdefault("file", fs.LocalFileSystem()), os.fspath(to_path(address))
        parts = urlsplit(address)
        where = f"{parts.scheme}://{parts.netloc}"
        if where not in self._systems:
            self._systems[where] = _bucket(parts.scheme, parts.netloc)
        return self._systems[where], address.split("://", 1)[1]

    def place(self, uri: str) -> tuple[fs.FileSystem, str]:
        """The file system of an address, and the path in it, for readers of their own."""
        return self._at(uri)

    def unreachable(self) -> str:
        """Why the root's bucket is out of reach, in one line; "" when it is there, and for a folder. Waits for a few
        seconds at most."""
        parts, told = urlsplit(self.root), list[str]()
        if self.is_local:
            return ""

        def ask() -> None:
            try:
                system = _bucket(parts.scheme, parts.netloc, hurried=True)
                there = system.get_file_info(parts.netloc).type != fs.FileType.NotFound
                told.append("" if there else f"there is no bucket {parts.netloc}")
            except (OSError, ValueError) as error:  # pyarrow's own errors are kinds of these
                told.append(f"{self.root} cannot be reached: {error}".split("\n", 1)[0])

        asking = threading.Thread(target=ask, daemon=True)  # a store that is mute may hold it for minutes
        asking.start()
        asking.join(ANSWER)
        late = f"{self.root} has not answered within {ANSWER:.0f} s: check the address, the network, AWS_ENDPOINT_URL"
        return told[0] if told else late

    def read(self, uri: str) -> bytes:
        """Read a whole file. Raises FileNotFoundError, OSError."""
        system, path = self._at(uri)
        if isinstance(system, fs.LocalFileSystem):
            return Path(path).read_bytes()
        return _patiently(lambda: _whole(system, path))

    def found(self, uri: str) -> str:
        """The address at which an input lies now: its own, or the one that it has moved to. Inputs whose own address
        holds something are not looked for."""
        if uri.startswith("run:") or self._is_there(uri):
            return uri
        try:
            moved: str = json.loads(self.read(MOVES)).get(uri, uri)
        except FileNotFoundError:
            return uri
        return moved

    def _is_there(self, uri: str) -> bool:
        system, path = self._at(uri)
        there: bool = _patiently(lambda: system.get_file_info(path)).type != fs.FileType.NotFound
        return there

    def open(self, uri: str) -> BinaryIO:
        """A seekable file for reading; in a bucket it is read by range."""
        system, path = self._at(uri)
        if isinstance(system, fs.LocalFileSystem):
            return open(path, "rb")
        file: BinaryIO = _patiently(lambda: system.open_input_file(path))
        return file

    def write(self, uri: str, data: bytes) -> None:
        """Write whole: readers see the old bytes or the new, never a part."""
        system, path = self._at(uri)
        if isinstance(system, fs.LocalFileSystem):
            target = Path(path)
            handle, temporary = self._partial(target)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                _replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        else:
            _patiently(lambda: _put(system, path, BytesIO(data)))

    def put_file(self, uri: str, file: Path) -> None:
        """Move a finished local file into place."""
        system, path = self._at(uri)
        if isinstance(system, fs.LocalFileSystem):
            target = Path(path)
            handle, temporary = self._partial(target)
            os.close(handle)
            try:
                shutil.move(file, temporary)
                os.chmod(temporary, 0o644)
                _replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        else:
            with open(file, "rb") as source:
                _patiently(lambda: _put(system, path, source))
            file.unlink()

    def exists(self, uri: str) -> bool:
        """Whether something is there; of an input, wherever it has moved."""
        return self._is_there(self.found(uri))

    def size(self, uri: str) -> int:
        """Give the size of a file in bytes. Raises FileNotFoundError."""
        system, path = self._at(uri)
        info = _patiently(lambda: system.get_file_info(path))
        if info.type != fs.FileType.File:
            raise FileNotFoundError(uri)
        size: int = info.size
        return size

    def list(self, uri: str) -> Iterator[str]:
        """Names directly under a folder, sorted; nothing when the folder is not there."""
        system, path = self._at(uri)
        names = sorted(info.base_name for info in _below(system, path))
        return iter(name for name in names if not name.startswith(PARTIAL))

    def is_file(self, uri: str) -> bool:
        """Whether there is a file at an address."""
        system, path = self._at(uri)
        there: bool = _patiently(lambda: system.get_file_info(path)).type == fs.FileType.File
        return there

    def walk(self, uri: str) -> Iterator[str]:
        """Addresses of all files below a folder of a bucket, sorted; nothing when the folder is not there."""
        return (address for address, _ in self.stamps(uri))

    def stamps(self, uri: str) -> Iterator[tuple[str, str]]:
        """As `walk`, each address with its stamp."""
        system, path = self._at(uri)
        scheme = uri.split("://", 1)[0]
        infos = _below(system, path, recursive=True)
        found = sorted((info.path, info.size, info.mtime_ns) for info in infos if info.type == fs.FileType.File)
        return iter((f"{scheme}://{path}", stamp(size, time)) for path, size, time in found)

    def files(self, uri: str, deep: bool = True) -> Iterator[str]:
        """Addresses of the files in a folder, sorted, with `deep` of those in its folders too, by one listing. They
        begin as the folder's address does; nothing when there is no such folder."""
        system, path = self._at(uri)
        selector = fs.FileSelector(path, recursive=deep, allow_not_found=True)
        try:
            infos = _patiently(lambda: system.get_file_info(selector))
        except NotADirectoryError:
            return iter(())
        start = len(path.rstrip("/")) + 1
        found = sorted(info.path[start:] for info in infos if info.type == fs.FileType.File)
        return iter(f"{uri}{name}" if uri.endswith((":", "/")) else f"{uri}/{name}" for name in found)

    def delete(self, uri: str) -> None:
        """Remove a file or a folder with all in it; nothing happens when it is not there."""
        system, path = self._at(uri)
        kind = _patiently(lambda: system.get_file_info(path)).type
        if kind == fs.FileType.Directory:
            _patiently(lambda: system.delete_dir(path))
        elif kind != fs.FileType.NotFound:
            with contextlib.suppress(FileNotFoundError):  # gone already, or at the first try
                _patiently(lambda: system.delete_file(path))

    def local(self, uri: str) -> Path:
        """A path that ffmpeg can open: the file itself, wherever it has moved, or a copy in this node's cache."""
        system, path = self._at(self.found(uri))
        if isinstance(system, fs.LocalFileSystem):
            return Path(path)
        info = _patiently(lambda: system.get_file_info(path))
        if info.type != fs.FileType.File:
            raise FileNotFoundError(uri)
        identity = hashlib.sha256(f"{uri}\0{info.size}\0{info.mtime_ns}".encode()).hexdigest()
        target = self.cache / identity[:2] / (identity + Path(path).suffix)
        try:
            os.utime(target)
        except FileNotFoundError:
            self._bound(info.size)
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=owned(PARTIAL))
            try:
                with os.fdopen(handle, "wb") as stream:
                    _patiently(lambda: _copy(system, path, stream))
                os.replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        return target

    def _bound(self, coming: int) -> None:
        """Make room in this node's cache: copies that nobody has asked for in a while go, the oldest first."""
        copies = []
        for file in self.cache.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process makes room too
                found = file.stat()
                copies.append((found.st_mtime, found.st_size, file))
        total = coming + sum(size for _, size, _ in copies)
        bound = float(os.environ.get("ASID_CACHE_GB", CACHE_GB)) * 2**30
        for asked, size, file in sorted(copies):
            if total <= bound or time.time() - asked < IN_USE:
                break
            file.unlink(missing_ok=True)
            total -= size

    def free(self) -> int:
        """Bytes free where this machine puts what it makes: the run's disk, or that for temporary files."""
        return shutil.disk_usage(to_path(self.root) if self.is_local else tempfile.gettempdir()).free

    def scratch(self) -> tempfile.TemporaryDirectory[str]:
        """A temporary folder, on the run's own disk when that is local, so that finished files move without a copy."""
        folder = self._scratch_folder()
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=folder, prefix=owned("asid-"))

    def clear_scratch(self) -> None:
        """Remove what killed processes have left here: unfinished files of the run, scratch folders, copies."""
        clear([self._scratch_folder(), *self.cache.glob("??")])

    def _scratch_folder(self) -> Path:
        return to_path(self.root) / SCRATCH if self.is_local else Path(tempfile.gettempdir())

    def _partial(self, target: Path) -> tuple[int, str]:
        """A new file, open, that is to become `target`: among the scratch files when both belong to the run."""
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = target.parent
        if self.is_local and to_path(self.root) in target.parents:
            folder = self._scratch_folder()
            folder.mkdir(exist_ok=True)
        return tempfile.mkstemp(dir=folder, prefix=owned(PARTIAL))


def _replace(temporary: str, target: Path) -> None:
    """Put a finished file into place, also where that is on another disk."""
    try:
        os.replace(temporary, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        handle, beside = tempfile.mkstemp(dir=target.parent, prefix=owned(PARTIAL))
        os.close(handle)
        shutil.move(temporary, beside)
        os.replace(beside, target)


def _patiently(action: Callable[[], Result], final: tuple[type[OSError], ...] = FINAL) -> Result:
    """Do it again when a bucket fails. The client has tried already, but gives up at once when an error's text is
    longer than the piece of a file that it asked for."""
    for attempt in range(TRIES):
        try:
            return action()
        except final:
            raise
        except OSError as error:
            if error.errno in FULL or attempt == TRIES - 1:
                raise
            time.sleep(0.2 * 2**attempt)
    raise AssertionError("unreachable")


def _below(system: fs.FileSystem, path: str, recursive: bool = False) -> list[fs.FileInfo]:
    """What a folder holds; nothing when it is not there. Arrow raises for one that comes or goes while it looks."""
    selector = fs.FileSelector(path, allow_not_found=True, recursive=recursive)
    infos: list[fs.FileInfo] = _patiently(lambda: system.get_file_info(selector), final=FINAL[1:])
    return infos


def _whole(system: fs.FileSystem, path: str) -> bytes:
    with system.open_input_stream(path) as stream:
        data: bytes = stream.read()
        return data


def _put(system: fs.FileSystem, path: str, source: BinaryIO) -> None:
    source.seek(0)
    with system.open_output_stream(path) as stream:
        shutil.copyfileobj(source, stream, 1 << 20)


def _copy(system: fs.FileSystem, path: str, target: BinaryIO) -> None:
    target.seek(0)
    target.truncate()
    with system.open_input_stream(path) as source:
        shutil.copyfileobj(source, target, 1 << 20)


def _bucket(scheme: str, bucket: str, hurried: bool = False) -> fs.FileSystem:
    if scheme == "s3":
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        # A small object is one request only when its stream may open late.
        retries = fs.AwsStandardS3RetryStrategy(HURRIED if hurried else ATTEMPTS)
        how: dict[str, Any] = {"retry_strategy": retries, "allow_delayed_open": True}
        if hurried:
            how |= {"connect_timeout": HURRY, "request_timeout": HURRY}
        if endpoint:
            parts = urlsplit(endpoint)
            how |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}
            return fs.S3FileSystem(region=named or "us-east-1", **how)
        return fs.S3FileSystem(region=named or fs.resolve_s3_region(bucket), **how)
    if scheme in ("gs", "gcs"):
        return fs.GcsFileSystem()
    raise ValueError(f"{scheme}:// is not supported: use a local path, s3:// or gs://")
