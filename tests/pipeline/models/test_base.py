"""What decides an answer, and what goes wrong by which name."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.models import base
from asid.pipeline.models.base import Layer, Media, ModelError, Request, Suspended, Transient, Unreadable, Usage
from tests.kits.modelkit import Listed

VIDEO = Media(kind="video", uri="run:a.mp4", sha256="ab", start=1.0, end=2.0)
ASKED = Request(task="caption", prompt="describe", media=(VIDEO,), settings={"fps": 1}, model="m", facts={"a": 1})


@pytest.mark.parametrize(
    "changed",
    [
        {"task": "audit"}, {"prompt": "describe "}, {"settings": {"fps": 2}}, {"settings": {}}, {"model": "n"},
        {"facts": {"a": 2}}, {"answer_schema": {"type": "object"}}, {"media": ()}, {"media": (VIDEO, VIDEO)},
        {"media": (VIDEO.model_copy(update={"sha256": "cd"}),)}, {"media": (VIDEO.model_copy(update={"end": 3.0}),)},
        {"media": (VIDEO.model_copy(update={"kind": "audio"}),)}, {"media": (VIDEO.model_copy(update={"time": 1.0}),)},
    ],
)  # fmt: skip
def test_all_that_can_change_an_answer_is_in_its_key(changed: dict[str, Any]) -> None:
    assert ASKED.model_copy(update=changed).key() != ASKED.key()


@pytest.mark.parametrize(
    "changed",
    [{"row": "clip7"}, {"attribute": "camera"}, {"media": (VIDEO.model_copy(update={"uri": "s3://b/moved.mp4"}),)}],
)
def test_where_a_file_lies_and_whose_row_it_is_are_not(changed: dict[str, Any]) -> None:
    assert ASKED.model_copy(update=changed).key() == ASKED.key()


def test_the_order_in_which_settings_were_written_does_not_matter() -> None:
    one, other = ({"settings": dict(pairs)} for pairs in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)]))
    assert ASKED.model_copy(update=one).key() == ASKED.model_copy(update=other).key()


def test_a_key_stays_what_it_was_so_that_stored_answers_are_found_again() -> None:
    """Changing this makes every run that is under way pay again."""
    assert (
        Request(task="caption", prompt="é").key() == "5c529dff1782610eb96e48ed7317d9648d8db0f08b049b9afe5f122798b1df6b"
    )


def test_a_question_cannot_be_changed_nor_have_parts_that_nobody_knows() -> None:
    with pytest.raises(ValidationError):
        ASKED.prompt = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Request(task="caption", prompt="x", promt="y")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Media(kind="film", uri="x", sha256="y")  # type: ignore[arg-type]


def test_a_layer_is_what_it_lies_around() -> None:
    inner = Listed("x", reads_facts=True)
    layer = Layer(inner)
    assert layer.reads_facts
    asyncio.run(layer.close())
    assert inner.closed


def test_every_error_has_a_kind_of_its_own_for_the_failure_row() -> None:
    errors = [one for _, one in inspect.getmembers(base, inspect.isclass) if issubclass(one, ModelError)]
    kinds = [one.kind for one in errors]
    assert len(set(kinds)) == len(kinds) > 10


def test_what_may_heal_carries_its_wait_and_what_cannot_does_not_heal() -> None:
    error = Transient("busy", retry_after=3.0, rate_limited=True)
    assert (str(error), error.retry_after, error.rate_limited, error.attempts) == ("busy", 3.0, True, 1)
    assert isinstance(Unreadable("x"), Transient)
    assert not isinstance(Suspended("x"), Transient)
    assert ModelError("x", raw="said", attempts=4).raw == "said"


def test_nothing_was_used_until_something_is_counted() -> None:
    assert set(Usage().model_dump().values()) == {0}
