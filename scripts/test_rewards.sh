#!/bin/sh
# Our rewards inside the trainers' own code, each in an environment of its own (TRL, ms-swift 3 and 4, verl; 2 GB each
# with a CPU build of torch, more with PyPI's). `sh scripts/test_rewards.sh trl` tries one. What cannot be installed here
# is said and passed over. FIND_LINKS: a folder or page with wheels, such as torch for a CPU.
. "$(dirname "$0")/setup.sh"

# What judged rewards import; the rest of this project's dependencies stays out of the trainers' environments.
ours="rapidfuzz pydantic numpy openai tenacity json-repair ruamel.yaml pyarrow jinja2"
links=${FIND_LINKS:+--find-links $FIND_LINKS}
uv=$PWD/.venv/bin/uv

try() {  # try NAME CHECKS PACKAGES…: the checks in .venv-NAME, made where it is not there yet
  name=$1; check=$2; shift 2
  venv=.venv-$name
  if [ ! -f "$venv/ready" ]; then
    [ -x "$venv/bin/python" ] || "$uv" venv --quiet --python .venv/bin/python "$venv"
    # shellcheck disable=SC2086
    if ! "$uv" pip install --quiet --python "$venv/bin/python" $links ${TORCH:-torch} "$@" $ours; then
      echo "skipped: $name cannot be installed here, so our rewards are not tried in it" >&2
      return 0
    fi
    touch "$venv/ready"
  fi
  for one in $check; do PYTHONPATH=$PWD "$venv/bin/python" "tests/trainers/$one.py"; done
}

for name in ${*:-trl swift swift3 verl}; do
  case $name in
    trl) try trl 'check_reward_trl check_gdpo_trl' trl==1.16.0 ;;
    swift) try swift check_reward_swift ms-swift==4.6.0 ;;
    swift3) try swift3 check_reward_swift ms-swift==3.9.3 transformers==4.57.0 ;;
    verl) try verl check_reward_verl verl==0.9.1 ;;
    *) echo "there is no $name: trl, swift, swift3, verl" >&2; exit 2 ;;
  esac
done
