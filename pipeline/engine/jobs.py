"""Runs as Ray jobs: hand one to a cluster through its dashboard, read along, tell how it ended."""

from __future__ import annotations

import asyncio
import os
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ray.exceptions import AuthenticationError
from ray.job_submission import JobDetails, JobStatus, JobSubmissionClient

from asid.pipeline.run.folder import RunError

LOCAL_DASHBOARD = "http://127.0.0.1:8265"
LEFT_OUT = [".git", ".venv"]  # of the working directory; what .gitignore names stays at home as well
POLL = 1.0  # s
LOST = 1  # exit code of a job that ended without one
REFUSED = (OSError, RuntimeError, ValueError, AuthenticationError)  # a broken connection is an OSError


class Jobs:
    """The jobs of one cluster. `address` is its dashboard's; empty: RAY_API_SERVER_ADDRESS, else this machine's."""

    def __init__(self, address: str = ""):
        self.address = address or os.environ.get("RAY_API_SERVER_ADDRESS") or LOCAL_DASHBOARD
        try:
            self.client = JobSubmissionClient(self.address)
        except REFUSED as error:
            raise RunError(f"no Ray dashboard lets us in at {self.address}: {error}") from error

    def submit(self, words: Sequence[str], working_dir: Path) -> str:
        """Start `asid WORDS…` on the head, in a copy of `working_dir`. Gives the job's id. Secrets are no part of it:
        whoever may see the dashboard sees a job's environment, so keys belong to the nodes."""
        environment: dict[str, Any] = {"working_dir": str(working_dir), "excludes": LEFT_OUT}
        try:
            return self.client.submit_job(entrypoint=shlex.join(["asid", *words]), runtime_env=environment)
        except REFUSED as error:
            raise RunError(f"the cluster at {self.address} did not take the job: {error}") from error

    def follow(self, job: str, say: Callable[[str], None]) -> int:
        """Print what the job says until it has ended. Gives its exit code. A lost connection is taken up again."""
        asyncio.run(self._tail(job, say))
        while not self._details(job).status.is_terminal():
            time.sleep(POLL)
        details = self._details(job)
        if details.status == JobStatus.SUCCEEDED:
            return 0
        if details.driver_exit_code is None:
            say(f"job {job} {details.status.lower()}: {details.message}")
        return details.driver_exit_code or LOST

    def _details(self, job: str) -> JobDetails:
        try:
            return self.client.get_job_info(job)
        except REFUSED as error:
            raise RunError(f"the cluster at {self.address} says nothing of job {job}: {error}") from error

    async def _tail(self, job: str, say: Callable[[str], None]) -> None:
        async for text in self.client.tail_job_logs(job):
            say(text.rstrip("\n"))
