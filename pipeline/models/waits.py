"""How long a server asks to wait, in any of the ways in which servers say it."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

PARTS_OF_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DATES = 1e9  # from here on, ten digits, a number of seconds is counted from 1970
FINER = 1e11  # and from here on it is a number of milliseconds, or finer ones
FOREVER = 1e10  # s; dates beyond it have no meaning


def is_number(text: str) -> bool:
    """Whether a text is a number without a sign, written in digits."""
    return bool(re.fullmatch(r"[0-9]{1,40}(\.[0-9]{1,40})?", text))


def seconds_until(text: str, now: float | None = None) -> float | None:
    """Seconds in `20`, `1m30s`, `1767225600` and `1767225600000` (since 1970), or in a date as HTTP or ISO 8601 has it;
    None for what says no time."""
    text, now = text.strip(), time.time() if now is None else now
    if is_number(text):
        value = float(text)
        if value < DATES:
            return value
        while value >= FINER:
            value /= 1000
        return min(FOREVER, max(0.0, value - now))
    if PARTS_OF_TIME.sub("", text) == "":
        return min(FOREVER, duration(text)) if text else None
    at = _date(text)
    return None if at is None else min(FOREVER, max(0.0, at - now))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, from `retry-after-ms` or `retry-after`."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    if is_number(milliseconds):
        return float(milliseconds) / 1000
    return seconds_until(headers.get("retry-after", ""))


def duration(text: str) -> float:
    """Seconds in `1m30s`, `120ms`."""
    return sum(float(amount) * SECONDS[unit] for amount, unit in PARTS_OF_TIME.findall(text))


def _date(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    try:
        parts = email.utils.parsedate_tz(text)
        return float(email.utils.mktime_tz(parts)) if parts else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def spoken(seconds: float) -> str:
    """A wait for people: `until 14:05 (25 min)`."""
    at = datetime.fromtimestamp(time.time() + min(seconds, FOREVER))
    length = f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"
    return f"until {at:%H:%M} ({length})" if seconds < 12 * 3600 else f"until {at:%Y-%m-%d %H:%M} ({length})"
