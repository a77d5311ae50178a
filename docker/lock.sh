#!/bin/sh
# Writes the locks that the images are made of. Run it after a change of pyproject.toml's dependencies or of
# docker/python-version (tests/docker says when); `sh docker/lock.sh --upgrade` takes the newest of everything.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || uv=uv
python=$(cat docker/python-version)

lock() {  # lock FILE WORDS…: what is in FILE already is kept as far as it may be
  file=$1; shift
  "$uv" pip compile --quiet --no-config --python-version "$python" --generate-hashes --no-emit-index-url \
    --custom-compile-command "sh docker/lock.sh" --output-file "$file" "$@" >/dev/null
}

# Beside asid's own dependencies: pip, of which Ray makes a worker's environment, and what builds asid's wheel.
printf 'pip\nhatchling>=1.27\n' | lock docker/requirements.lock --universal pyproject.toml - "$@"

# What the environments of GPU workers need beside that, with the same versions where both allow it.
for extra in vllm whisperx; do
  [ -f "docker/$extra.lock" ] || cp docker/requirements.lock "docker/$extra.lock"
  grep "^$extra = " pyproject.toml | cut -d'"' -f2 | lock "docker/$extra.lock" --python-platform x86_64-manylinux_2_39 - "$@"
done
