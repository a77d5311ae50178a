"""A case finds the reply of a step."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.kits.casekit import case


def test_a_reply_is_found_by_its_step() -> None:
    one = case("a", replies={"answer": "B", "grade": {"score": 2}, "nothing": None})
    assert (one.reply("answer"), one.reply("grade"), one.reply("nothing")) == ("B", '{"score": 2}', "")
    assert one.reply("other") == "" and [reply.asked for reply in one.replies] == [True, True, False]


def test_a_gap_has_one_of_three_kinds() -> None:
    with pytest.raises(ValidationError):
        case("a", gap="lost")
