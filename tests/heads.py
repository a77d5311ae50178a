"""A real Ray head with its dashboard on loopback, in processes of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
# Ray gives up on parts of itself that are slow to start or to answer, as all are on a busy machine.
PATIENT = {
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "240",
    "RAY_agent_register_timeout_ms": "240000",
    "RAY_worker_register_timeout_seconds": "240",
    "RAY_health_check_failure_threshold": "60",
    "RAY_worker_niceness": "0",
}


@dataclass(frozen=True)
class Head:
    dashboard: str  # http://127.0.0.1:PORT
    address: str  # of the cluster, for drivers
    environment: dict[str, str]  # in which asid finds it
    pid: int
    agent: int  # port of the node's agent, which says whether the node is well

    def ports(self) -> set[int]:
        """All that its processes listen on."""
        found = set()
        for process in psutil.Process(self.pid).children(recursive=True):
            with suppress(psutil.Error):
                found |= {where.laddr.port for where in process.net_connections("tcp") if where.status == "LISTEN"}
        return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, below those the system gives away by itself, so that nobody gets them meanwhile."""
    found: list[int] = []
    first = 20000 + os.getpid() * 7 % 10000
    for port in range(first, 32000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


def environment(**more: str) -> dict[str, str]:
    """Of a process that runs this checkout's asid, and belongs to no other cluster than it is told to."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    path = os.pathsep.join([os.path.dirname(sys.executable), own.get("PATH", "")])
    usual = {"PATH": path, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    return own | usual | PATIENT | more


def asid(
    *words: object, env: Mapping[str, str], code: int | None = 0, patience: float = 300
) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own, for at most `patience` seconds."""
    command = [sys.executable, "-m", "asid", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, env=dict(env), cwd=ROOT)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


@contextmanager
def head(cpus: int = 2, gpus: int = 0, **variables: str) -> Iterator[Head]:
    """`ray start --head` for as long as this lasts. `variables` are in the environment of all its processes."""
    with tempfile.TemporaryDirectory(prefix="r") as folder:  # short: Ray's sockets lie in it
        port, dashboard, client, agent, agent_grpc, metrics = free_ports(6)
        env = environment(RAY_TMPDIR=folder, **variables)
        command = [
            sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats",
            "--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client}",
            "--include-dashboard=true", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}",
            f"--dashboard-agent-listen-port={agent}", f"--dashboard-agent-grpc-port={agent_grpc}",
            f"--metrics-export-port={metrics}", f"--num-cpus={cpus}", f"--num-gpus={gpus}",
            f"--object-store-memory={100 << 20}", f"--temp-dir={folder}",
        ]  # fmt: skip
        log = Path(folder) / "start.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(command, env=env, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True)
        found = Head(
            f"http://127.0.0.1:{dashboard}",
            f"127.0.0.1:{port}",
            env | {"RAY_ADDRESS": f"127.0.0.1:{port}"},
            process.pid,
            agent,
        )
        try:
            _await(found.dashboard, process, log)
            yield found
        finally:
            family = [process, *psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.kill()


def add_node(cluster: Any, **node: Any) -> Any:
    """One more node of a simulated cluster. Ray gives it half a minute to start, which a busy machine may not have."""
    for last in (False, False, True):
        try:
            return cluster.add_node(**node)
        except Exception:  # Ray raises bare ones here
            if last:
                raise
    raise AssertionError("unreachable")


def _await(dashboard: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the dashboard answers, be it with a refusal."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"Ray did not start: {log.read_text('utf-8', 'replace')}")
        try:
            urllib.request.urlopen(f"{dashboard}/api/version", timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"the dashboard did not come up: {log.read_text('utf-8', 'replace')}")
