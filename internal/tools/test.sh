#!/usr/bin/env bash
# Every test, in the order of how fast it finds a fault. Needs the binaries in bin/. As root it also runs the
# end-to-end tests on real clusters; without root it says so and leaves them out.
set -uo pipefail
cd "$(dirname "$0")/../.."
export LABCTL_BIN=$PWD/bin
results=$(mktemp -d)
export LABCTL_HOME=$results/home
trap 'rm -rf "$results"' EXIT
failed=0

# run NAME DIRECTORY GO-TEST-ARGUMENTS...
run() {
  local name=$1 dir=$2
  shift 2
  printf '\n== %s (%d s so far)\n' "$name" $SECONDS
  (cd "$dir" && "$LABCTL_BIN/tools/gotestsum" --format "${FORMAT:-pkgname-and-test-fails}" --jsonfile "$results/$name.json" -- "$@") || failed=1
}

run unit . -race -timeout 10m ./...
# The flags of the build, or all of Kubernetes would be compiled anew for the tests.
kube() { CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath" run "$@"; }
kube unit-labkube cmd/labkube -timeout 10m ./...

# e2e lists the directories of packages with tests that start real clusters and engines.
e2e() {
  go list -tags e2e -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}} {{end}}' ./... |
    tr ' ' '\n' | xargs -r grep -lE '^//go:build .*e2e' | xargs -rn1 dirname | sort -u
}

if [ "$(id -u)" = 0 ]; then
  FORMAT=standard-verbose
  kube services cmd/labkube -tags e2e -p 1 -timeout 10m ./...
  run e2e . -tags e2e -p 1 -count 1 -timeout 50m $(e2e | grep -v internal/engine/kind)
  echo
  echo "== guests: labs in a Docker Engine of the user's ($SECONDS s so far)"
  WITHDOCKER_ALONE=1 internal/tools/withdocker.sh "$LABCTL_BIN/tools/gotestsum" --format standard-verbose --jsonfile "$results/guests.json" -- \
    -tags e2e -count 1 -timeout 15m -run '^TestGuest' ./internal/e2e || failed=1
  echo "skipped: engine kind's conformance suite, which needs a node image: make test-kind builds one and runs it"
else
  echo "skipped: the end-to-end tests, which start real clusters; run make test as root for them"
fi

count() { cat "$results"/*.json | grep -c "\"Action\":\"$1\".*\"Test\":"; }
printf '\n%d s in all\n%d passed, %d failed, %d skipped\n' $SECONDS "$(count pass)" "$(count fail)" "$(count skip)"
exit $failed
