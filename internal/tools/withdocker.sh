#!/usr/bin/env bash
# Runs a command on a machine with Docker: in namespaces of its own, with a Docker Engine such as a user has installed.
# Nothing of it is left when the command has ended, however it ended. Needs root.
#
#   internal/tools/withdocker.sh COMMAND...                 with the engine of bin/ (make docker)
#   DOCKERD=/usr/sbin/dockerd internal/tools/withdocker.sh COMMAND...   with another, such as Debian's docker.io
set -euo pipefail
bin=$(cd "$(dirname "$0")/../.." && pwd)/bin
[ "$(id -u)" = 0 ] || { echo "withdocker: a Docker Engine takes root: run this as root" >&2; exit 1; }

if [ -z "${WITHDOCKER_DIR:-}" ]; then
  command -v iptables >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y iptables >/dev/null || { echo "withdocker: a Docker Engine needs iptables: install it" >&2; exit 1; }
  WITHDOCKER_DIR=$(mktemp -d "${TMPDIR:-/tmp}/labctl-docker.XXXXXX")
  export WITHDOCKER_DIR
  group=/labctl-docker-$$
  child=
  # All of it belongs to one cgroup in each hierarchy, which looks like the root from inside.
  enter() {
    local mount own
    while read -r mount; do
      own=$mount$group
      mkdir "$own"
      [ ! -e "$own/cpuset.cpus" ] || [ -e "$own/cgroup.type" ] || for f in cpus mems; do cat "$mount/cpuset.$f" >"$own/cpuset.$f"; done
      echo "$BASHPID" >"$own/cgroup.procs"
    done < <(awk '/ - cgroup2? / {print $5}' /proc/self/mountinfo)
  }
  # A process that is frozen, as runc leaves some when it is killed in the middle of its work, does not die.
  thaw() {
    local state
    for state in $(find /sys/fs/cgroup/freezer -path "*$group*" -name freezer.state 2>/dev/null); do echo THAWED >"$state" || true; done
  }
  ended() { # waits for the namespaces to end, from when they are asked to
    while kill -0 "$child" 2>/dev/null; do
      [ ! -e "$WITHDOCKER_DIR/over" ] || thaw 2>/dev/null
      read -rt 0.2 <> <(:) || true
    done
  }
  remove() {
    [ -z "$child" ] || { touch "$WITHDOCKER_DIR/over"; kill -KILL $child 2>/dev/null || true; ended; thaw 2>/dev/null; }
    rm -rf "$WITHDOCKER_DIR"
    for ((i = 0; i < 50; i++)); do # the kernel lets go of a cgroup a moment after its last process
      find /sys/fs/cgroup -depth -type d -path "*$group*" -exec rmdir {} + 2>/dev/null
      [ -n "$(find /sys/fs/cgroup -maxdepth 2 -path "*$group" -print -quit)" ] || break
      read -rt 0.1 <> <(:) || true
    done || true
  }
  trap remove EXIT
  trap 'exit 130' INT TERM
  (enter && exec unshare --cgroup --mount --net --pid --uts --ipc --fork --kill-child "$0" "$@") &
  child=$!
  ended
  wait $child && code=0 || code=$?
  child=
  exit $code
fi

dir=$WITHDOCKER_DIR
mount --make-rprivate /
mount -t proc proc /proc
# What the engine and its runtimes write to /run is not for the machine, whose other files there stay.
mkdir "$dir/run"
mount -t tmpfs -o mode=755 run "$dir/run"
mkdir -m 700 "$dir"/run/{containerd,docker,runc}
for f in /run/*; do
  if [ -L "$f" ]; then
    cp -P "$f" "$dir/run/"
  elif [ -d "$f" ]; then
    mkdir -p "$dir$f"
    case $f in /run/containerd | /run/docker | /run/runc) ;; *) mount --rbind "$f" "$dir$f" ;; esac
  else
    touch "$dir$f" && mount --bind "$f" "$dir$f"
  fi
done
mount --move "$dir/run" /run
while read -r place type options; do
  case $type in
    cgroup) umount "$place" && mount -t cgroup -o "$options" cgroup "$place" ;;
    cgroup2)
      umount "$place" && mount -t cgroup2 cgroup2 "$place"
      mkdir "$place/init" # processes and controllers for children do not go together
      xargs -rn1 <"$place/cgroup.procs" >"$place/init/cgroup.procs" 2>/dev/null || true
      sed -e 's/ / +/g' -e 's/^/+/' <"$place/cgroup.controllers" >"$place/cgroup.subtree_control"
      ;;
  esac
done < <(awk '/ - cgroup2? / {sub(/^rw,/, "", $NF); print $5, $(NF-2), $NF}' /proc/self/mountinfo)
ip link set lo up
export PATH=$bin:$PATH # containerd, shim and runc of this release: Debian 12's are too old for it
seccomp=--seccomp-profile=unconfined
if [ -e "$bin/node-runc" ]; then # one with seccomp, without which BuildKit runs nothing
  mkdir -p "$dir/runtime"
  ln -sf "$bin/node-runc" "$dir/runtime/runc"
  PATH=$dir/runtime:$PATH
  seccomp=
fi
export DOCKER_HOST=unix://$dir/docker.sock
"${DOCKERD:-$bin/dockerd}" --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
  --ip6tables=false $seccomp >"$dir/log" 2>&1 &
engine=$!
for ((i = 0; i < 600; i++)); do
  docker version >/dev/null 2>&1 && break
  kill -0 $engine 2>/dev/null || { tail -20 "$dir/log" >&2; echo "withdocker: the Docker Engine did not start" >&2; exit 1; }
  read -rt 0.1 <> <(:) || true
done
"$@" && code=0 || code=$?
touch "$dir/over"
[ -z "${DOCKER_LOG:-}" ] || cp "$dir/log" "$DOCKER_LOG"
exit $code
