#!/usr/bin/env bash
# Every test, in the order of how fast it finds a fault. Needs the binaries in bin/. As root it also runs the
# end-to-end tests on real clusters; without root it says so and leaves them out.
set -uo pipefail
cd "$(dirname "$0")/../.."
export LABCTL_BIN=$PWD/bin
results=$(mktemp -d)
export LABCTL_HOME=$results/home
failed=0 beside=
end() {
  [ -z "$beside" ] || { kill -TERM -- "-$beside" 2>/dev/null && wait "$beside"; }
  rm -rf "$results"
}
trap end EXIT
trap 'exit 130' INT TERM

# run NAME DIRECTORY GO-TEST-ARGUMENTS...; ON is a command that runs it on another machine.
run() {
  local name=$1 dir=$2
  shift 2
  printf '\n== %s (%d s so far)\n' "$name" $SECONDS
  (cd "$dir" && ${ON:-} "$LABCTL_BIN/tools/gotestsum" --format "${FORMAT:-pkgname-and-test-fails}" --jsonfile "$results/$name.json" -- "$@") || failed=1
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

# parts tests the parts of labctl, each on clusters and engines of its own; last those on a Docker Engine such as users
# have, which can reach no network: their tests are built before.
parts() {
  run parts . -tags e2e -p 1 -count 1 -timeout 50m $(e2e | grep -vE "/internal/(e2e|${docker//.\/internal\//})$")
  go test -tags e2e -c -o "$results/built/" $docker || exit 1
  ON=$PWD/internal/tools/withdocker.sh run docker . -tags e2e -p 1 -count 1 -timeout 30m $docker
  ON=$PWD/internal/tools/withdocker.sh run guests . -tags e2e -count 1 -timeout 25m -run "$onDocker" ./internal/e2e
  exit $failed
}
docker=./internal/engine/kind
# The other tests of what can befall kind take ten minutes more: make test-kind.
onDocker='^Test(Guest|Kind(Unavailable|StartLosesDocker|StartRunsOutOfRoom)$)'

if [ "$(id -u)" = 0 ]; then
  export FORMAT=standard-verbose
  kube services cmd/labkube -tags e2e -p 1 -timeout 10m ./...
  # Most of these tests wait for clusters most of the time: two at once take little more time than one.
  set -m # a group of its own, which ends as a whole
  parts </dev/null > >(sed -u 's/^/parts| /') 2>&1 &
  beside=$!
  set +m
  run e2e . -tags e2e -p 1 -count 1 -timeout 50m ./internal/e2e
  wait "$beside" || failed=1
  beside=
else
  echo "skipped: the end-to-end tests, which start real clusters; run make test as root for them"
fi

# What failed stands between long logs: say it once more, all together, at the end.
if [ "$failed" = 1 ]; then
  printf '\n== all that failed\n'
  "$LABCTL_BIN/tools/gotestsum" --format none --hide-summary skipped --raw-command -- cat "$results"/*.json || true
fi
count() { cat "$results"/*.json | grep -c "\"Action\":\"$1\".*\"Test\":"; }
printf '\n%d s in all\n%d passed, %d failed, %d skipped\n' $SECONDS "$(count pass)" "$(count fail)" "$(count skip)"
exit $failed
