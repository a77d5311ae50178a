# Sourced by the other scripts: a virtual environment in .venv with asid in it, and ffmpeg. Does nothing twice.
# EXTRAS names the extras of pyproject.toml to install too (a POSIX shell passes no arguments to what it sources).
set -eu
cd "$(dirname "$0")/.."

if ! command -v ffmpeg >/dev/null || ! command -v ffprobe >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null
  elif command -v apt-get >/dev/null; then
    echo "ffmpeg is missing. Type: sudo apt-get install -y ffmpeg" >&2; exit 1
  elif command -v brew >/dev/null; then
    echo "ffmpeg is missing. Type: brew install ffmpeg" >&2; exit 1
  else
    echo "ffmpeg is missing: install it with your system's package manager (the package is called ffmpeg)" >&2; exit 1
  fi
fi

python=""
for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$name; break
  fi
done
[ -n "$python" ] || { echo "Python 3.11 or newer is needed; set PYTHON to one" >&2; exit 1; }

# What is installed is right as long as pyproject.toml and the extras asked for are the same.
extras=${EXTRAS:-}
stamp=.venv/asid-$(printf '%s' "${extras:-base}" | tr -c 'a-z' _)
if [ ! -f "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
  # Compiled at once: else each of a run's processes compiles hundreds of files again where no bytecode may be written.
  .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --editable ".${extras:+[$extras]}"
  .venv/bin/python -m compileall -q asid pipeline stages
  touch "$stamp"
fi
