"""What an error reply means: by its codes, by its status, by its words only where it has no code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from asid.pipeline.models.base import BadRequest, Misconfigured, ModelError, Refused, Suspended, Transient, Unreadable
from asid.pipeline.models.faults import checked, classify, codes, error_in, said_of


@pytest.mark.parametrize(
    ("status", "kind", "limited"),
    [
        (400, BadRequest, False), (401, Misconfigured, False), (402, Suspended, False), (403, Misconfigured, False),
        (404, Misconfigured, False), (408, Transient, False), (409, Transient, False), (413, BadRequest, False),
        (422, BadRequest, False), (429, Transient, True), (500, Transient, False), (503, Transient, True),
        (529, Transient, True), (599, Transient, False),
    ],
)  # fmt: skip
def test_a_status_alone_says_whether_to_wait_to_stop_or_to_blame_the_row(
    status: int, kind: type[ModelError], limited: bool
) -> None:
    found = classify(status, None, "said")
    assert type(found) is kind
    assert str(found).endswith("said")
    assert getattr(found, "rate_limited", False) is limited


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"message": "Your account has insufficient balance"}, BadRequest),
        (429, {"message": "Your account has insufficient balance"}, Suspended),
        (403, {"message": "this country is not supported"}, Suspended),
        (400, {"message": "The prompt was flagged by our moderation"}, Refused),
        (429, {"code": "RESOURCE_EXHAUSTED", "message": "Your prepayment credits are depleted."}, Suspended),
        (429, {"code": "RESOURCE_EXHAUSTED", "message": "too many at once"}, Transient),
        (400, {"code": "bad_size", "message": "flagged by moderation"}, BadRequest),
    ],
)
def test_words_count_only_where_no_code_says_what_it_is(status: int, error: Any, kind: type[ModelError]) -> None:
    assert type(classify(status, error, "")) is kind


def test_moderation_is_never_more_than_its_row_whatever_stands_beside_it() -> None:
    both = {"code": "content_filter", "details": [{"reason": "billing_hard_limit"}]}
    assert type(classify(402, both, "")) is Refused


def test_the_wait_that_a_server_asks_for_goes_with_what_passes() -> None:
    limited, broken = classify(429, None, "", 7.5), classify(502, None, "", 2.0)
    assert isinstance(limited, Transient)
    assert isinstance(broken, Transient)
    assert (limited.retry_after, broken.retry_after) == (7.5, 2.0)


def test_an_error_in_a_good_reply_counts_by_its_own_status_and_without_one_is_odd() -> None:
    assert type(classify(200, {"status": 429}, "")) is Transient
    assert type(classify(200, {"code": "401"}, "")) is Misconfigured
    assert type(classify(200, {"message": "hm"}, "")) is Unreadable


@pytest.mark.parametrize(
    ("error", "found", "words", "status"),
    [
        ({"code": "Rate-Limit.Exceeded", "message": "slow"}, {"ratelimitexceeded"}, "slow", 0),
        ({"error": {"error": {"type": "x_y"}}}, {"xy"}, "", 0), ({"code": 1302}, {"1302"}, "", 0),
        ({"code": 503}, set(), "", 503), ({"code": "the model is loading"}, set(), "the model is loading", 0),
        ({"raw": json.dumps({"code": "inner"})}, {"inner"}, "", 0), ({"code": True, "type": None}, set(), "", 0),
        ([{"reason": "a"}, {"reason": "b"}], {"a", "b"}, "", 0), (None, set(), "", 0), ("plain", set(), "plain", 0),
        ({"metadata": {"flagged_input": "words"}}, {"moderation"}, "", 0),
    ],
)  # fmt: skip
def test_codes_are_found_at_any_depth_and_folded(error: Any, found: set[str], words: str, status: int) -> None:
    assert codes(error) == (found, words, status)


def test_an_error_without_end_is_looked_at_no_further_than_is_useful() -> None:
    deep: Any = {"code": "unseen"}
    for _ in range(50):
        deep = {"error": deep}
    assert codes(deep)[0] == set()
    assert len(codes({"message": "x" * 100_000})[1]) <= 2000
    assert len(str(classify(400, None, "y" * 100_000))) <= 600


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": "no"}, "no"), ({"error": None, "choices": []}, None), ({"base_resp": {"status_code": 0}}, None),
        ({"base_resp": {"status_code": 1008}}, {"status_code": 1008}), (["x"], None),
        ({"object": "error", "x": 1}, {"object": "error", "x": 1}),
        ({"code": 1, "message": "m"}, {"code": 1, "message": "m"}), ({"code": 1, "message": "m", "choices": [1]}, None),
    ],
)  # fmt: skip
def test_an_error_is_found_in_a_reply_of_any_house(body: Any, error: Any) -> None:
    assert error_in(body) == error


def test_a_good_reply_is_an_object_without_an_error() -> None:
    assert checked([{"choices": [1]}]) == {"choices": [1]}
    with pytest.raises(Suspended):
        checked([{"error": {"status": 402, "message": "pay"}}])
    for odd in ([], [{}, {}], None, "x", 3):
        with pytest.raises(Unreadable, match="is no object"):
            checked(odd)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": "c", "message": "m"}, "c m"), ({"status_code": 1008, "status_msg": "poor"}, "1008 poor"),
        ({"message": "m"}, "m"), ({"code": ["x"], "message": "m"}, "m"), ({"x": 1}, '{"x": 1}'), ("text", "text"),
        ({"message": "half \ud83d"}, "half \\ud83d"), (None, "null"),
    ],
)  # fmt: skip
def test_an_error_is_told_by_its_code_and_message(error: Any, said: str) -> None:
    assert said_of(error) == said
