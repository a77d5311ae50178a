"""How long a server asks to wait, in any of the ways in which servers say it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.models.waits import FOREVER, duration, is_number, retry_after, seconds_until, spoken

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20", 20), (" 0.5 ", 0.5), ("0", 0), ("1m30s", 90), ("120ms", 0.12), ("6m0s", 360), ("1h", 3600),
        ("2d", 172800),
        ("1800000090", 90), ("1800000090500", 90.5), ("1700000000", 0), ("999999999", 999999999),
        ("2027-01-15T08:01:00+00:00", 60), ("2027-01-15 08:01:00", 60), ("2027-01-15T09:01:00+01:00", 60),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60), ("Fri, 15 Jan 2027 07:00:00 GMT", 0), ("400000d", FOREVER),
    ],
)  # fmt: skip
def test_numbers_spans_and_dates_are_seconds_from_now(text: str, seconds: float) -> None:
    assert seconds_until(text, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e3", "5 apples", "1m30", "٣", "2027-13-45", "nan", "inf"])
def test_what_says_no_time_is_none(text: str) -> None:
    assert seconds_until(text, NOW) is None


@given(st.integers(1, 10**6))
def test_a_date_as_http_writes_it_comes_out_as_it_went_in(ahead: int) -> None:
    text = format_datetime(datetime.fromtimestamp(NOW + ahead, UTC), usegmt=True)
    assert seconds_until(text, NOW) == ahead


def test_the_clock_is_asked_where_no_time_is_given() -> None:
    past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
    assert seconds_until(past) == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7), ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7), ({}, None), ({"retry-after": "later"}, None),
    ],
)  # fmt: skip
def test_milliseconds_are_believed_before_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", True), ("1.50", True), ("", False), ("-1", False), ("1.", False), ("٣", False), ("1e5", False)],
)
def test_a_number_has_digits_and_no_sign(text: str, number: bool) -> None:
    assert is_number(text) is number


def test_parts_of_a_span_add_up() -> None:
    assert duration("1h2m3s4ms") == pytest.approx(3723.004)
    assert duration("") == 0


@pytest.mark.parametrize(
    ("seconds", "form"),
    [
        (600, r"until \d\d:\d\d \(10 min\)"), (3 * 3600, r"until \d\d:\d\d \(3\.0 h\)"),
        (48 * 3600, r"until \d{4}-\d\d-\d\d \d\d:\d\d \(48\.0 h\)"), (1e300, r"until \d{4}-.* h\)"),
    ],
)  # fmt: skip
def test_people_are_told_the_end_of_a_wait_and_its_length(seconds: float, form: str) -> None:
    assert re.fullmatch(form, spoken(seconds))
