"""Ray for the length of a block, and what of it there is."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import ray
from ray.autoscaler.sdk import request_resources

from asid.pipeline import interrupts
from asid.pipeline.run.folder import RunError

NODE_WAIT = 300.0  # s
NODE_KNOWN = 30.0  # s
LOCAL_STORE = 200 << 20  # bytes of shared memory: rows go through files, not through Ray's object store


@contextlib.contextmanager
def cluster(cpus: float | None = None) -> Iterator[None]:
    """The cluster this process belongs to (RAY_ADDRESS, or an open connection), else one of its own on this machine."""
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS") or "local"
    own: dict[str, Any] = {"include_dashboard": False, "num_cpus": cpus, "object_store_memory": LOCAL_STORE}
    try:
        with interrupts.held():  # one that is stopped while it starts would leave its processes behind
            _start(address, own if address == "local" else {})
        _await_node()
        yield
    finally:
        with interrupts.bounded():
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
            if last or interrupts.is_told():
                raise RunError(f"Ray did not start ({address}): {error}") from error


def _await_node() -> None:
    """On a busy machine Ray can be there before it knows its own node; until then it seems to have room for nobody."""
    deadline = time.monotonic() + NODE_KNOWN
    while not nodes(total()) and time.monotonic() < deadline:
        time.sleep(0.05)


def total() -> dict[str, float]:
    """What the cluster has altogether, in Ray's names."""
    return dict(ray.cluster_resources())  # type: ignore[no-untyped-call]


def nodes(found: Mapping[str, float]) -> int:
    """Count the nodes among a cluster's resources."""
    return sum(1 for name in found if name.startswith("node:") and name != "node:__internal_head__")


def is_gone(node: str) -> bool:
    """Whether a node was there and is no longer."""
    known = ray.nodes()  # type: ignore[no-untyped-call]
    return any(found["NodeID"] == node and not found["Alive"] for found in known)


def is_shared() -> bool:
    """Whether this is a cluster that others keep, whose nodes may come and go."""
    return os.environ.get("RAY_ADDRESS", "local") != "local"


def patience() -> float:
    """Seconds to wait for a node that has what a stage asks for: none on a machine of our own, where none can come."""
    return float(os.environ.get("ASID_NODE_WAIT", NODE_WAIT if is_shared() else 0.0))


def ask(bundles: list[dict[str, float]]) -> None:
    """Say to the autoscaler what there is use for, in place of what was said before."""
    request_resources(bundles=[{name: math.ceil(amount) for name, amount in one.items()} for one in bundles])


def has() -> str:
    """Say what the cluster has altogether."""
    found = total()
    return ", ".join(f"{found.get(name, 0.0):g} {name}" for name in ("CPU", "GPU", "memory"))
