#!/usr/bin/env bash
# Follows the README on a fresh machine: a Debian with Go, gcc, make, git and sudo and nothing else, made by debootstrap, in
# namespaces of its own. Clones this repository's HEAD, types what the README and `make start` say, solves the lab, stops
# it, and looks at what is left: all of it as root; then starts, checks and stops as a user with sudo. Everything it makes
# is removed at the end, also on failure. Needs root and util-linux.
#
#   internal/tools/freshmachine.sh            with this machine's Go caches, and without any network
#   COLD=1 internal/tools/freshmachine.sh     with empty caches and the network: says how long the first build takes
#   BASE=DIR ...                              copies the Debian from DIR, made there when it is missing
set -euo pipefail

# ---- outside: makes the machine and looks after it -------------------------------------------------------------------

outside() {
  root=$(cd "$(dirname "$0")/../.." && pwd)
  need git unshare chroot ip go
  [ "$(id -u)" = 0 ] || die "making a machine takes root: run it with sudo"
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/labctl-fresh.XXXXXX")
  trap remove EXIT
  trap 'exit 130' INT TERM
  machine=$scratch/machine
  say "making a Debian in $machine"
  if [ -n "${BASE:-}" ]; then
    [ -d "$BASE/etc" ] || bootstrap "$BASE"
    cp -a "$BASE" "$machine"
  else
    bootstrap "$machine"
  fi
  cp "$0" "$machine/fresh.sh"
  mkdir -p "$machine/usr/local/go" "$machine/srv/labctl.git" "$machine"/root/{go/pkg/mod,.cache/go-build,.local/state}
  if [ -n "${COLD:-}" ]; then # the network as this machine's owner has set it up
    cp -L /etc/resolv.conf "$machine/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/ca-certificates.crt"
  else
    rm -f "$machine/etc/resolv.conf"
  fi
  gitdir=$(cd "$root" && realpath "$(git rev-parse --git-common-dir)")
  export root scratch machine gitdir GOROOT GOMODCACHE GOCACHE COLD=${COLD:-}
  eval "$(go env GOROOT GOMODCACHE GOCACHE | paste -sd' ' | { read -r a b c; printf 'GOROOT=%q GOMODCACHE=%q GOCACHE=%q' "$a" "$b" "$c"; })"
  say "booting it"
  local net=--net
  [ -z "$COLD" ] || net=
  unshare --mount --pid --ipc --uts $net --fork --kill-child bash "$0" boot &
  child=$!
  wait $child
}

bootstrap() {
  command -v debootstrap >/dev/null || apt-get install -qq -y debootstrap >/dev/null || die "cannot install debootstrap"
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')
  [ -n "$mirror" ] || die "apt of this machine knows no mirror of Debian bookworm"
  debootstrap --variant=minbase --include=gcc,libc6-dev,make,git,ca-certificates,sudo bookworm "$1" "$mirror" >"$scratch/debootstrap.log" 2>&1 ||
    { tail -5 "$scratch/debootstrap.log" >&2; die "debootstrap failed"; }
}

# boot runs as the first process of the new namespaces: mounts what a kernel and an installer would have.
boot() {
  mount --make-rprivate /
  hostname fresh
  ip link set lo up 2>/dev/null || true
  mount --bind "$machine" "$machine"
  mount -t proc proc "$machine/proc"
  if [ -n "$COLD" ]; then mount --bind /sys "$machine/sys"; else mount -t sysfs sysfs "$machine/sys"; fi
  mount --rbind /sys/fs/cgroup "$machine/sys/fs/cgroup"
  mount --rbind /dev "$machine/dev"
  mount -t tmpfs tmpfs "$machine/run"
  readonly_bind "$GOROOT" "$machine/usr/local/go"
  readonly_bind "$gitdir" "$machine/srv/labctl.git"
  if [ -z "$COLD" ]; then
    mount --bind "$GOMODCACHE" "$machine/root/go/pkg/mod"
    mount --bind "$GOCACHE" "$machine/root/.cache/go-build"
  fi
  mkdir "$machine/old"
  cd "$machine" && pivot_root . old && umount -l /old && rmdir /old
  local network=() v
  for v in GOPROXY GOSUMDB GONOSUMDB GOPRIVATE http_proxy https_proxy no_proxy; do [ -z "${!v:-}" ] || network+=("$v=${!v}"); done
  exec env -i HOME=/root USER=root SHELL=/bin/bash TERM=dumb PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    COLD="$COLD" "${network[@]}" bash /fresh.sh inside
}

readonly_bind() { mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"; }

# remove ends the machine, with it all its processes and mounts, and what a failed run left in the shared cgroups.
remove() {
  [ -z "${child:-}" ] || { kill -KILL "$child" 2>/dev/null && wait "$child" 2>/dev/null; } || true
  local id
  for id in "$scratch"/machine/{root,home/ada}/.local/state/labctl/envs/*/id; do
    [ -f "$id" ] || continue
    find /sys/fs/cgroup -depth -type d -path "*/labctl/$(cut -d' ' -f2 "$id")*" -exec rmdir {} \; 2>/dev/null || true
  done
  rm -rf --one-file-system "$scratch"
}

need() { local t; for t; do command -v "$t" >/dev/null || die "this needs $t"; done; }
say() { printf '\n== %s (%d s so far)\n' "$1" $SECONDS; }
die() { echo "error: $1" >&2; exit 1; }

# ---- inside: the learner ---------------------------------------------------------------------------------------------

inside() {
  passed=0 failed=0
  cd /root
  git config --global url./srv/labctl.git.insteadOf https://labctl.dev/labctl # the README's address, without its network
  git config --global --add safe.directory '*'
  say "the machine: $(. /etc/os-release && echo "$PRETTY_NAME"), $(go env GOVERSION), $(gcc -dumpfullversion | sed 's/^/gcc /'), $(nproc) processors"
  for program in ip iptables nft ps curl kubectl docker systemctl; do
    ! command -v $program >/dev/null || echo "it has $program"
  done
  inventory before

  say "as the README says"
  type_in 0 'git clone https://labctl.dev/labctl && cd labctl'
  promised 'git clone https://labctl.dev/labctl && cd labctl'
  promised 'make start'
  local began=$SECONDS
  type_in 0 'make start'
  [ $failed = 0 ] || finish
  built=$(awk -v total=$((SECONDS - began)) '/ is ready after / {sub(/.* after /, ""); printf "%d", total - $1}' /tmp/said)
  id=$(cut -d' ' -f2 ~/.local/state/labctl/envs/*/id)
  mapfile -t next < <(sed -n '/^Next:/,$ s/^  \([^ ].*[^ ]\)  .*/\1/p' /tmp/said | sed 's/ *$//')

  say "the printed next steps"
  [ ${#next[@]} -ge 4 ] && ok "it prints ${#next[@]} of them" || not_ok "it prints no next steps"
  for command in "${next[@]}"; do
    case $command in
      *' shell') type_in 0 "$command" 'kubectl get nodes && kubectl get pods && pwd' ;;
      *' check') type_in 1 "$command" ;;
      *' stop') ;; # at the end
      *) type_in 0 "$command" ;;
    esac
  done

  say "the README's commands, with the lab solved"
  read_tasks
  local solution='kubectl apply -f web.yaml -f orders.yaml
kubectl rollout status deployment/web --timeout=90s
kubectl rollout status deployment/orders --timeout=90s'
  mapfile -t commands < <(sed -n 's/^    \(\.\/bin\/labctl [a-z ]*[a-z]\) *#.*/\1/p' README.md)
  [ ${#commands[@]} -ge 6 ] && ok "the README names ${#commands[@]} commands" || not_ok "the README names no commands"
  for command in "${commands[@]}"; do
    case $command in
      *' shell') type_in 0 "$command" "$solution" ;;
      *) type_in 0 "$command" ;;
    esac
  done

  say "what is left"
  type_in 0 './bin/labctl gc --dry-run'
  grep -q "$id" /tmp/said && not_ok "gc finds something of this machine's" || ok "gc finds nothing of this machine's"
  inventory after
  for what in processes mounts interfaces cgroups files; do
    comm -13 /tmp/$what.before /tmp/$what.after >/tmp/left
    [ -s /tmp/left ] && { not_ok "there are $what left:"; head -20 /tmp/left; } || ok "no $what are left"
  done
  as_user
  echo "in labctl's own directory: $(cd ~/.local/state/labctl && find . -type f | sort | paste -sd' ')"
  finish
}

# as_user does the same README's start as somebody who has to use sudo, with a build of their own. Of Go's caches they
# get a view that they may write: compiling Kubernetes a second time would prove nothing.
as_user() {
  say "as a user with sudo"
  useradd --create-home --shell /bin/bash ada
  echo 'ada ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ada
  view_of ~/go/pkg/mod /home/ada/go/pkg/mod
  view_of ~/.cache/go-build /home/ada/.cache/go-build
  chown ada: /home/ada /home/ada/{go,go/pkg,.cache} /home/ada/go/pkg/mod{,/cache,/cache/download}
  find /home/ada/.cache/go-build -maxdepth 1 -type d -exec chown ada: {} +
  cp ~/.gitconfig /home/ada/.gitconfig
  type_in 0 "$(ada 'git clone https://labctl.dev/labctl')"
  type_in 0 "$(ada 'cd labctl && make start')"
  grep -q 'is ready after' /tmp/said || not_ok "their start says nothing of a lab that is ready"
  owned_by_ada /home/ada/labctl/bin /home/ada/.local/state/labctl/envs/*/workspace
  type_in 1 "$(ada 'cd labctl && ./bin/labctl check')"
  type_in 0 "$(ada 'cd labctl && ./bin/labctl stop')"
  owned_by_ada /home/ada/labctl /home/ada/.local
}

# ada is the command line that runs a command as that user, in a login shell with Go on its PATH, and not on sudo's.
ada() { printf '%q ' su --login ada -c "export PATH=/usr/local/go/bin:\$PATH; $1"; }

# view_of DIR AS: mounts DIR at AS, so that what is written there is not written to DIR.
view_of() {
  local layer
  layer=$(mktemp -d /run/view.XXXXXX)
  mkdir -p "$2" "$layer"/{upper,work}
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" "$2"
}

owned_by_ada() {
  find "$@" ! -user ada >/tmp/foreign
  [ -s /tmp/foreign ] && { not_ok "not all below $* is theirs:"; head /tmp/foreign; } || ok "all below $* is theirs"
}

# type_in EXIT-CODE COMMAND [INPUT]: runs a command in this shell, as typed, and keeps what it says in /tmp/said.
type_in() {
  printf '\n$ %s\n' "$2"
  [ -z "${3:-}" ] || sed 's/^/> /' <<<"$3"
  local code=0
  if [[ $2 == *'cd '* ]]; then eval "$2" >/tmp/said 2>&1 || code=$?; cat /tmp/said
  else eval "$2" <<<"${3:-}" 2>&1 | tee /tmp/said || code=${PIPESTATUS[0]}; fi
  [ "$code" = "$1" ] && ok "$2 ends with $code" || not_ok "$2 ends with $code, not $1"
}

promised() { grep -qxF -- "    $1" README.md && ok "the README says: $1" || not_ok "the README no longer says: $1"; }

# read_tasks finds in the texts what this environment asks for, as a learner does, and writes the yaml solution with it
# into the workspace.
read_tasks() {
  local lab=labs/kubernetes-101 wanted=/tmp/wanted.sed
  asked() { sed -n "s/$2/s|\$(params.$1)|\\1|/p" | head -1; }
  {
    ./bin/labctl hint deploy --all | asked replicas '.*--replicas=\([0-9][0-9]*\).*'
    ./bin/labctl hint expose --all | asked port '.*--port=\([0-9][0-9]*\).*'
    ./bin/labctl tasks configure | asked greeting '.*greeted with `\([a-z0-9]*\)`.*'
    ./bin/labctl tasks secret | asked token '.*the token `\([a-z0-9]*\)` as its value.*'
    ./bin/labctl kubectl rollout history deployment/orders --revision=1 | asked batch '.*BATCH_SIZE:[[:space:]]*\([0-9]*\).*'
  } >$wanted
  cat $wanted
  [ "$(wc -l <$wanted)" = 5 ] && ok "the tasks say what is wanted" || not_ok "the tasks do not say what is wanted"
  awk '/^  [a-z0-9-]+:$/ {name = $1; sub(":", "", name)} /^    ref:/ {printf "s|$(images.%s)|%s|\n", name, $2}' $lab/lab.yaml >>$wanted
  workspace=$(./bin/labctl status | awk '$1 == "workspace" {print $2}')
  for file in web.yaml orders.yaml; do sed -f $wanted $lab/verdicts/yaml/$file >"$workspace/$file"; done
}

# inventory notes what the machine has, but for what a build may leave: the clone, Go's caches, labctl's own directory.
inventory() {
  local p name
  for p in /proc/[0-9]*; do # without starting a process that would be counted
    [ -r "$p/comm" ] && read -r name <"$p/comm" && echo "$name"
  done >/tmp/unsorted 2>/dev/null || true
  sort /tmp/unsorted >/tmp/processes.$1
  awk '{print $5, $(NF-2)}' /proc/self/mountinfo | sort >/tmp/mounts.$1
  awk -F: 'NR > 2 {print $1}' /proc/net/dev | sort >/tmp/interfaces.$1
  find /sys/fs/cgroup -type d -path "*labctl/${id:-nothing-yet}*" | sort >/tmp/cgroups.$1
  find / -xdev \( -path /root/labctl -o -path /root/go -o -path /root/.cache -o -path /root/.config/go -o -path /root/.local/state/labctl -o -path /srv -o -path /tmp \) -prune -o -print | sort >/tmp/files.$1
  find /tmp -mindepth 1 -maxdepth 1 -name '*labctl*' >>/tmp/files.$1
}

ok() { passed=$((passed + 1)); echo "ok: $1"; }
not_ok() { failed=$((failed + 1)); echo "FAILED: $1"; }

finish() {
  [ -z "${built:-}" ] || { printf '\nthe %s build took %d s on %d processors\n' "${COLD:+cold }" "$built" "$(nproc)" | sed 's/  */ /g'; }
  [ -z "$COLD" ] || du -sh ~/go/pkg/mod ~/.cache/go-build ~/labctl/bin
  printf '\n%d s in all\n%d passed, %d failed\n' $SECONDS $passed $failed
  [ $failed = 0 ]
  exit
}

"${1:-outside}"
