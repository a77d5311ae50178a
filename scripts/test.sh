#!/bin/sh
# Lint, types and tests, on a fresh machine.
. "$(dirname "$0")/setup.sh" dev
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/pytest -n "${JOBS:-2}" --dist loadfile "$@"
