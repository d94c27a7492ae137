#!/usr/bin/env bash
# Makes release archives, which need no Go where they are used: dist/labctl-VERSION-OS-ARCH.tar.gz (.zip for Windows)
# and SHA256SUMS. Where one cannot be built here, it says what is missing, makes the others, and fails.
#
#   make dist                                        all of them
#   make dist PLATFORMS=linux/amd64 VERSION=v1.2.3   one, of that version (otherwise what git calls this commit)
#
# DIST is another directory than dist/ for the archives. Binaries are kept in dist/bin/OS-ARCH for the next time.
set -euo pipefail
cd "$(dirname "$0")/../.."
all="linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64"
platforms=${PLATFORMS:-$all}
for platform in $platforms; do
  [[ " $all " = *" $platform "* ]] || { echo "dist: there is no archive for \"$platform\": choose of $all" >&2; exit 1; }
done
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null)} ||
  { echo "dist: this is no clone of a git repository, so the version is not known: run make dist VERSION=..." >&2; exit 1; }
[[ $version =~ ^[A-Za-z0-9][A-Za-z0-9._+-]*$ ]] || { echo "dist: \"$version\" cannot be part of a file's name: choose another VERSION" >&2; exit 1; }
out=${DIST:-dist}
# The time of all files: the commit's, so that the same commit gives the same archives.
epoch=${SOURCE_DATE_EPOCH:-}
if [ -z "$epoch" ]; then
  if [[ $(git describe --always --dirty 2>/dev/null || echo -dirty) = *-dirty ]]; then epoch=$(date +%s); else epoch=$(git log -1 --format=%ct); fi
fi
make=(make --no-print-directory)

# crosscc ARCH: a C compiler for another architecture of Linux, which runc needs.
crosscc() {
  local gnu=x86_64 package=gcc-x86-64-linux-gnu
  [ "$1" != arm64 ] || { gnu=aarch64 package=gcc-aarch64-linux-gnu; }
  command -v $gnu-linux-gnu-gcc ||
    { echo "dist: no linux/$1 here: runc needs the C compiler $gnu-linux-gnu-gcc: install it (Debian: apt-get install $package) and run make dist again" >&2; return 1; }
}

build() { # build OS ARCH DIRECTORY
  local with=(LABCTL_BUILD="$3" LABCTL_RELEASE="$version")
  case $1 in
    linux)
      [ "$1/$2" = "$(go env GOHOSTOS)/$(go env GOHOSTARCH)" ] || { local cc; cc=$(crosscc "$2") || return 1; with+=(CC="$cc"); }
      GOOS=$1 GOARCH=$2 "${make[@]}" build docker "${with[@]}" ;;
    *) GOOS=$1 GOARCH=$2 "${make[@]}" client "${with[@]}" ;;
  esac
}

mkdir -p "$out"
failed=()
for platform in $platforms; do
  os=${platform%/*} arch=${platform#*/} bin=$PWD/dist/bin/${platform/\//-}
  echo "$platform"
  if ! build "$os" "$arch" "$bin"; then failed+=("$platform"); continue; fi
  go run ./internal/tools/dist -version "$version" -platform "$platform" -bin "$bin" -out "$out" -time "$epoch" || failed+=("$platform")
done
if compgen -G "$out/labctl-$version-*" >/dev/null; then (cd "$out" && sha256sum "labctl-$version-"* >SHA256SUMS); fi
[ ${#failed[@]} = 0 ] || { echo "dist: not made: ${failed[*]}" >&2; exit 1; }
