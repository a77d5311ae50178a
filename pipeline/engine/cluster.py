"""Ray for the length of a block, and what of it there is."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import ray

from pipeline.run import RunError

LOCAL_STORE = 200 << 20  # bytes of shared memory: rows go through files, not through Ray's object store


@contextlib.contextmanager
def cluster(cpus: float | None = None) -> Iterator[None]:
    """The cluster this process belongs to (RAY_ADDRESS, or an open connection), else one of its own on this machine."""
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS") or "local"
    own: dict[str, Any] = {"include_dashboard": False, "num_cpus": cpus, "object_store_memory": LOCAL_STORE}
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)  # ends the block in order: workers go, the run is let go
    _start(address, own if address == "local" else {})
    try:
        yield
    finally:
        ray.shutdown()


def _start(address: str, options: dict[str, Any]) -> None:
    """A busy machine can need more than the half minute that Ray gives itself: one failure is not the last word."""
    logging.getLogger("ray").setLevel(logging.ERROR)  # what it warns of is not the user's to mend
    for last in (False, True):
        try:
            ray.init(address, log_to_driver=False, configure_logging=False, logging_level=logging.ERROR, **options)
            return
        except Exception as error:  # Ray raises bare ones here
            ray.shutdown()
            if last:
                raise RunError(f"Ray did not start ({address}): {error}") from error


def total() -> dict[str, float]:
    """What the cluster has altogether, in Ray's names."""
    return dict(ray.cluster_resources())


def nodes() -> int:
    return sum(1 for name in total() if name.startswith("node:") and name != "node:__internal_head__")


def has() -> str:
    found = total()
    return ", ".join(f"{found.get(name, 0.0):g} {name}" for name in ("CPU", "GPU", "memory"))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
