#!/bin/sh
# The main job on the clip that ships with the project: a fresh machine needs nothing but Python 3.11 and a network.
. "$(dirname "$0")/setup.sh"
exec .venv/bin/asid run demo.yaml --run "${1:-demo-run}"
