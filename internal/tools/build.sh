#!/usr/bin/env bash
# Builds one binary and tells how it goes: build.sh NAME DIRECTORY PACKAGE LDFLAGS [TAGS [CGO_ENABLED]]
# It goes to bin/, or to $LABCTL_BUILD. On a terminal the line counts the packages compiled; elsewhere a line appears when there is something to say.
set -euo pipefail
name=$1 dir=$2 package=$3 ldflags=$4 tags=${5:-} cgo=${6:-0}
bin=${LABCTL_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/bin}
log=$(mktemp) && trap 'rm -f "$log"' EXIT
mkdir -p "$(dirname "$bin/$name")"

CGO_ENABLED=$cgo go build -C "$dir" -v -trimpath -tags "$tags" -ldflags "$ldflags" -o "$bin/$name" "$package" 2>"$log" &
build=$!
trap 'kill $build 2>/dev/null; rm -f "$log"; exit 130' INT TERM

tick=0
while kill -0 $build 2>/dev/null; do
  read -rt 0.2 <> <(:) || true # a pause of 0.2 s without starting a process
  tick=$((tick + 1))
  if [ -t 1 ]; then
    printf '\r  %-26s %5d packages compiled, %d s ' "$name" "$(wc -l <"$log")" $SECONDS
  elif [ $((tick % 150)) = 0 ]; then
    printf '  %-26s %5d packages compiled, %d s\n' "$name" "$(wc -l <"$log")" $SECONDS
  fi
done
if ! wait $build; then
  [ -t 1 ] && echo
  grep -vE '^[a-zA-Z0-9._~/-]+$' "$log" >&2 || cat "$log" >&2
  echo "could not build $name" >&2
  exit 1
fi
[ -t 1 ] && printf '\r'
printf '  %-26s %5d packages compiled, %d s \n' "$name" "$(wc -l <"$log")" $SECONDS
