"""Settings of all tests."""

from hypothesis import settings

settings.register_profile("asid", deadline=None, derandomize=True)
settings.load_profile("asid")
