# Sourced by the scripts beside it, first of all. They work from any directory and go on in the checkout's.
# shellcheck shell=bash
set -euo pipefail
invoked_from=$PWD
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

say() { printf '== %s\n' "$*" >&2; }

# complain EXIT_CODE LINE...
complain() {
  local code=$1
  shift
  printf '%s\n' "$@" >&2
  exit "$code"
}

# The comment at the head of a script is its help.
help_if_asked() {
  case ${1-} in
    -h | --help)
      sed -n '2,/^# shellcheck/{/^# shellcheck/!s/^# \{0,1\}//p}' "$invoked_as"
      exit 0
      ;;
  esac
}

# A relative $0 was relative to the directory the script was called from.
case $0 in
  /*) invoked_as=$0 ;;
  *) invoked_as=$invoked_from/$0 ;;
esac

# shellcheck disable=SC2034
jobs=$(nproc)

# Our own sources; a folder that does not exist yet is no error.
own_sources() {
  local folder folders=()
  for folder in harness cases tools tests bindings; do
    if [ -d "$folder" ]; then folders+=("$folder"); fi
  done
  find "${folders[@]}" -type f \( "$@" \) | LC_ALL=C sort
}
