"""One driver for a run at a time. On disk the kernel lets go when the driver dies; in a bucket a lease is renewed, and
its holder counts as dead when that has not happened for a while."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import IO

from asid.pipeline.run.folder import RunError
from asid.pipeline.storage import Storage, to_path

LEASE_SECONDS = 30.0  # without a beat, after which its holder counts as dead
LEASE_RENEWAL = 5.0
LEASE_LOOK = 1.0
logger = logging.getLogger("asid")


@contextlib.contextmanager
def lock(storage: Storage) -> Iterator[None]:
    """Hold the run for one driver; a second one is refused with RunError."""
    if storage.is_local:
        with _file_lock(storage):
            yield
    else:
        with _lease(storage):
            yield


@contextlib.contextmanager
def _file_lock(storage: Storage) -> Iterator[None]:
    folder = to_path(storage.root)
    file: IO[str]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / ".lock", "a+")  # noqa: SIM115 - closed below, by the with
    except OSError as error:
        raise RunError(f"cannot write to the run folder {folder}: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise RunError(f"another asid works on {folder} ({file.read().strip()}): wait for it, or stop it") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield


@contextlib.contextmanager
def _lease(storage: Storage) -> Iterator[None]:
    """Whether another holder lives is seen by whether its lease changes: no two clocks are compared."""
    me = f"process {os.getpid()} on {socket.gethostname()}, {uuid.uuid4().hex[:8]}"
    beats = itertools.count()

    def hold() -> None:
        storage.write("run:lease.json", json.dumps({"holder": me, "beat": next(beats)}).encode())

    _await_lease(storage)
    hold()
    time.sleep(0.5)
    if _holder(storage) != me:
        raise RunError(f"another asid has just started on {storage.root}")
    over = threading.Event()

    def renew() -> None:
        while not over.wait(LEASE_RENEWAL):
            try:
                if _holder(storage) != me:
                    logger.error("another asid has taken %s over: this one was out of touch for too long", storage.root)
                    os.kill(os.getpid(), signal.SIGINT)
                    return
                hold()
            except OSError as error:  # the store is out of reach: the next beat tries again
                logger.warning("the lease on %s could not be renewed: %s", storage.root, error)

    keeper = threading.Thread(target=renew, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        if _holder(storage) == me:
            storage.delete("run:lease.json")


def _holder(storage: Storage) -> str:
    try:
        return str(json.loads(storage.read("run:lease.json"))["holder"])
    except FileNotFoundError:
        return ""


def _await_lease(storage: Storage) -> None:
    """Return once nobody holds the run. Raises RunError as soon as its holder shows that it lives."""
    try:
        first = storage.read("run:lease.json")
        deadline = time.monotonic() + LEASE_SECONDS
        logger.warning("a lease is on %s: waiting %.0f s to see whether its holder lives", storage.root, LEASE_SECONDS)
        while time.monotonic() < deadline:
            time.sleep(LEASE_LOOK)
            if storage.read("run:lease.json") != first:
                raise RunError(f"another asid works on {storage.root} ({_holder(storage)}): wait for it, or stop it")
    except FileNotFoundError:
        return
