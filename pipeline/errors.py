"""What a user can mend."""

from __future__ import annotations


class UserError(Exception):
    """Refuse a command before its work. The message says what to do, one line for each thing that is wrong."""
