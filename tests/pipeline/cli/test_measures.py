"""`asid audit` and `asid power` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.auditing import side
from asid.pipeline.auditing.measuring import Measured, RateInterval
from asid.pipeline.cli import app
from tests import samples

TRUE = 'At 0s, a man in a red coat walks to the left. At 4s, he says "hello there" and two dogs bark.'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    samples.make(tmp_path / "run", videos=2, clips=4, caption=TRUE)
    return tmp_path / "run"


def asid(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_power_of_rules_is_printed_a_line_each_with_both_kinds(folder: Path) -> None:
    said = asid("power", str(folder), "--model", "rules", "--each", "3", "--json")
    assert said.exit_code == 0, said.output
    found = [json.loads(line) for line in said.output.splitlines()]
    assert found and {line["model"] for line in found} == {"rules"}
    assert {line["fault"] for line in found} == {True, False}
    for line in found:
        assert 0 <= line["hit"]["count"] <= line["hit"]["trials"]
        assert line["hit"]["trials"] <= 3 or line["kind"].startswith("every ")
    plain = asid("power", str(folder), "--model", "rules", "--each", "3").output.splitlines()
    assert len(plain) == len(found)
    for line, one in zip(plain, found, strict=True):
        assert line.startswith(f"{one['kind']}: {'found' if one['fault'] else 'falsely objected to'} ")
        assert line.endswith(f"{one['hit']['count']} of {one['hit']['trials']}")


def test_rates_are_printed_with_their_bounds_and_what_had_no_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = RateInterval(count=3, trials=4, low=0.3, high=0.954)
    asked: list[object] = []

    def audit(run: object, *rest: object) -> list[Measured]:
        asked.extend(rest)
        return [
            Measured(model="m", point="draft", no_error=one, no_missing=one, clean=one, failed=failed)
            for failed in (0, 2)
        ]

    monkeypatch.setattr(side, "audit", audit)
    whole, failed = asid(
        "audit", str(folder), "--model", "m", "--at", " draft, ,kept ", "--sample", "7", "--seed", "9"
    ).output.splitlines()
    rate = "75% (30% to 95%)"
    assert whole == f"draft: No-Error {rate}, No-Missing {rate}, Clean {rate} of 4 clips"
    assert failed == f"{whole}; no answer for 2"
    assert asked == ["m", ["draft", "kept"], 7, 9]


@pytest.mark.parametrize(
    ("words", "told"),
    [(("power", "--model", "nobody"), "the manifest has no model nobody; it has rules"),
     (("audit", "--model", "nobody", "--at", "drft"), "drft is neither a stage with captions nor an annotator"),
     (("audit", "--model", "nobody"), "the manifest has no model nobody")],
)  # fmt: skip
def test_a_name_that_is_not_there_is_told_with_those_that_are(folder: Path, words: tuple[str, ...], told: str) -> None:
    said = asid(words[0], str(folder), *words[1:])
    assert said.exit_code and told in str(said.exception)
