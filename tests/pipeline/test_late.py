"""Modules of a room that are loaded when they are first asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from asid.pipeline import late

ROOMS = ("captions", "inputs", "media", "speech", "vision")


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_room_is_a_module_of_it(room: str) -> None:
    package = importlib.import_module(f"asid.pipeline.{room}")
    for name in package.__all__:
        found = getattr(package, name)
        assert isinstance(found, ModuleType) and found.__name__ == f"asid.pipeline.{room}.{name}"


def test_a_module_is_loaded_by_its_name_and_not_before() -> None:
    says = (
        "import sys; from asid.pipeline import captions; name = 'asid.pipeline.captions.checks'; "
        "before = name in sys.modules; captions.checks.examine; print(before, name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_what_a_room_does_not_have_is_told_as_python_tells_it() -> None:
    load = late.modules("asid.pipeline.captions", ["checks", "gone"])
    with pytest.raises(AttributeError, match=r"'asid\.pipeline\.captions' has no attribute 'chekcs'"):
        load("chekcs")
    with pytest.raises(ModuleNotFoundError, match=r"captions\.gone"):  # a mistake of ours, and no AttributeError
        load("gone")
