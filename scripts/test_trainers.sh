#!/bin/sh
# Our exports in the trainers' own loading code, each in an environment of its own (1.5 GB each with a CPU build of
# torch). `sh scripts/test_trainers.sh swift` tries one. What cannot be installed here is said and passed over.
# FIND_LINKS: a folder or page with wheels; TORCH: which, such as "torch==2.13.0 torchvision==0.28.0".
. "$(dirname "$0")/setup.sh"

links=${FIND_LINKS:+--find-links $FIND_LINKS}
uv=$PWD/.venv/bin/uv
exports=$(mktemp -d)
trap 'rm -rf "$exports"' EXIT
.venv/bin/python -m tests.trainers.make "$exports"

try() {  # try NAME CHECK PACKAGES…: the check in .venv-load-NAME, made where it is not there yet
  name=$1; check=$2; shift 2
  venv=.venv-load-$name
  if [ ! -f "$venv/ready" ]; then
    [ -x "$venv/bin/python" ] || "$uv" venv --quiet --python .venv/bin/python "$venv"
    # shellcheck disable=SC2086
    if ! "$uv" pip install --quiet --python "$venv/bin/python" $links ${TORCH:-torch torchvision} "$@"; then
      echo "skipped: $name cannot be installed here, so its export is not tried" >&2
      return 0
    fi
    touch "$venv/ready"
  fi
  "$venv/bin/python" "tests/trainers/$check.py" "$exports"
}

for name in ${*:-swift llama_factory trl}; do
  case $name in
    swift) try swift check_swift ms-swift==4.6.0 ;;
    llama_factory) try llama_factory check_llama_factory llamafactory==0.9.5 ;;
    trl) try trl check_trl trl==1.16.0 pillow ;;
    *) echo "there is no $name: swift, llama_factory, trl" >&2; exit 2 ;;
  esac
done
