#!/bin/sh
# Lint, types and tests, on a fresh machine.
EXTRAS=dev
. "$(dirname "$0")/setup.sh"

# The review page is tested in a real browser. Where none may be installed, those tests are skipped and say so.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromedriver >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null ||
    echo "chromium cannot be installed: the tests of the review page will be skipped" >&2
fi

.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/pytest -n "${JOBS:-2}" --dist loadfile "$@"
