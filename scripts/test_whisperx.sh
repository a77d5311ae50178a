#!/bin/sh
# The whisperx backend with the real WhisperX and pyannote.audio, on a CPU, in an environment of its own (8 GB with
# PyPI's torch). Where that is not to be had, says so and ends well.
. "$(dirname "$0")/setup.sh"

venv=.venv-whisperx
if [ ! -f "$venv/asid" ] || [ scripts/whisperx.txt -nt "$venv/asid" ] || [ pyproject.toml -nt "$venv/asid" ]; then
  [ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
  if ! .venv/bin/uv pip install --quiet --python "$venv/bin/python" --override scripts/whisperx.txt \
      --editable ".[whisperx]" hypothesis pytest pytest-timeout; then
    echo "skipped: whisperx 3.8.6 and torch 2.8 cannot be installed here, so WhisperX is not tried" >&2
    exit 0
  fi
  touch "$venv/asid"
fi
exec "$venv/bin/python" -m pytest -m whisperx tests/whisperx "$@"
