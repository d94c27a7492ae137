#!/usr/bin/env bash
# Builds labctl's node image for kind, bin/node-image.tar, for `docker load`: kind's own files, Debian packages, and
# Kubernetes, containerd and runc as built into bin/ from their Go modules. No registry is asked for anything, and no
# Docker is needed. Needs root (debootstrap).
#
#   internal/tools/nodeimage.sh KUBERNETES-VERSION
set -euo pipefail
kube=v$1
cd "$(dirname "$0")/../.."
bin=$PWD/bin
out=$bin/node-image.tar
say() { printf '  %-26s %s, %d s\n' node-image "$1" $SECONDS; }
die() { echo "node-image: $*" >&2; exit 1; }

kind=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kind) # where the files of a node come from
inputs=("$bin"/{kindnode,ctr,containerd,containerd-shim-runc-v2,node-runc,ptp,host-local,loopback,portmap,labinit} "$0" internal/tools/nodeimage go.sum)
if [ -s "$out" ] && [ -z "$(find "${inputs[@]}" -newer "$out" -print -quit)" ]; then
  say "up to date"
  exit 0
fi
[ "$(id -u)" = 0 ] || die "building the node image takes root: run it with sudo"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/labctl-node.XXXXXX")
root=$scratch/root
containerd=
remove() {
  [ -z "$containerd" ] || { kill "$containerd" 2>/dev/null || true; wait "$containerd" 2>/dev/null || true; }
  rm -rf "$scratch" "$out.part"
}
trap remove EXIT
trap 'exit 130' INT TERM

# ---- Debian, with what kind's Dockerfile installs and clusters here use; kept for the next time, as Go keeps modules ----
packages=systemd,dbus,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,libseccomp2,jq,procps
base=${XDG_CACHE_HOME:-$HOME/.cache}/labctl/node-bookworm-$(echo $packages | sha256sum | cut -c1-8).tar

debian() {
  mkdir "$root"
  if [ ! -s "$base" ]; then
    say "installing Debian packages"
    bootstrap
    mkdir -p "${base%/*}"
    tar -C "$root" -cf "$base.$$" . && mv "$base.$$" "$base"
  else
    tar -C "$root" -xf "$base"
  fi
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info,i18n} "$root"/var/log/*
}

bootstrap() {
  command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y debootstrap >/dev/null || die "cannot install debootstrap"
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null | awk '$2 == "bookworm" {print $1; exit}')
  debootstrap --variant=minbase --include=$packages bookworm "$root" "${mirror:-http://deb.debian.org/debian}" >"$scratch/debootstrap.log" 2>&1 ||
    { tail -5 "$scratch/debootstrap.log" >&2; die "debootstrap failed"; }
}

# ---- kind's files, and its Dockerfile's clean-up of systemd's units --------------------------------------------------
kinds() {
  cp -r --no-preserve=mode,ownership "$kind"/images/base/files/{etc,kind,usr} "$root/"
  chmod 755 "$root"/usr/local/bin/* "$root/kind" "$root"/kind/bin "$root"/kind/bin/*
  rm -f "$root"/lib/systemd/system/{multi-user,local-fs,basic}.target.wants/* "$root"/etc/systemd/system/*.wants/* \
    "$root"/lib/systemd/system/sockets.target.wants/*{udev,initctl}* "$root"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
  echo ReadKMsg=no >>"$root/etc/systemd/journald.conf"
  ln -sf /usr/lib/systemd/systemd "$root/sbin/init"
  systemctl() { chroot "$root" systemctl "$@" 2>/dev/null; }
  systemctl enable kubelet.service containerd.service undo-mount-hacks.service
  systemctl mask systemd-binfmt.service
  mkdir -p "$root/etc/kubernetes/manifests" "$root/kind/manifests"
  cp internal/tools/nodeimage/manifests/*.yaml "$root/kind/manifests/"
  echo "$kube" >"$root/kind/version"
}

# ---- the programs ----------------------------------------------------------------------------------------------------
programs() {
  install -D -t "$root/usr/local/bin" "$bin"/{kindnode,ctr,containerd,containerd-shim-runc-v2}
  install -D "$bin/node-runc" "$root/usr/local/sbin/runc"
  install -D -t "$root/opt/cni/bin" "$bin"/{ptp,host-local,loopback,portmap}
  for program in kubeadm kubelet kubectl labctl-reset; do ln -s /usr/local/bin/kindnode "$root/usr/bin/$program"; done
  # Engines without CAP_SYS_RESOURCE cannot lower a score; where it can be lowered, this changes little.
  pause=$(images | grep /pause:)
  sed -i "s/restrict_oom_score_adj = false/restrict_oom_score_adj = true/; s|sandbox_image = .*|sandbox_image = \"$pause\"|" "$root/etc/containerd/config.toml"
  chroot "$root" sh -ec 'ctr oci spec | jq ".hooks.createContainer += [{path: \"/kind/bin/mount-product-files.sh\"}] | del(.process.rlimits)" >/etc/containerd/cri-base.json'
}

# images are those that kubeadm starts a cluster with.
images() { (exec -a kubeadm "$bin/kindnode" config images list --kubernetes-version "$kube" 2>/dev/null); }

# ---- the images, unpacked as containerd keeps them -------------------------------------------------------------------
preload() {
  local iptables # of nf_tables: the program, its loader and libraries, its extensions
  iptables=$(chroot "$root" sh -ec 'multi=$(readlink -f /usr/sbin/iptables-nft); set -- /usr/lib/*/xtables/*.so
    echo $multi; { ldd "$multi" "$@" | grep -o "/[^ :]*"; printf "%s\\n" "$@"; } | sort -u | grep -vx "$multi"' | paste -sd,)
  go run ./internal/tools/nodeimage -bin "$bin" -root "$root" -iptables "$iptables" -out "$scratch/images.tar" $(images)
  cat >"$scratch/containerd.toml" <<CONF
version = 3
root = "$root/var/lib/containerd"
state = "$scratch/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"]
[grpc]
  address = "$scratch/containerd.sock"
CONF
  "$bin/containerd" --config "$scratch/containerd.toml" >"$scratch/containerd.log" 2>&1 &
  containerd=$!
  local tries=0
  until "$bin/ctr" --address "$scratch/containerd.sock" version >/dev/null 2>&1; do
    kill -0 $containerd 2>/dev/null && [ $((tries += 1)) -lt 300 ] || { tail -5 "$scratch/containerd.log" >&2; die "containerd did not start"; }
    read -rt 0.1 <> <(:) || true
  done
  "$bin/ctr" --address "$scratch/containerd.sock" --namespace k8s.io images import "$scratch/images.tar" >"$scratch/import.log" 2>&1 ||
    { tail -5 "$scratch/import.log" >&2; die "cannot import the images"; }
  kill $containerd && wait $containerd || true
  containerd=
  rm -f "$scratch/images.tar"
}

# ---- one layer, as docker save would write it ------------------------------------------------------------------------
pack() {
  local dir=$scratch/archive digest
  mkdir "$dir"
  tar -C "$root" --numeric-owner --sort=name --exclude=./dev --exclude=./proc --exclude=./sys -cf "$dir/layer.tar" .
  digest=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
  cat >"$dir/config.json" <<CONF
{"architecture": "$(go env GOARCH)", "os": "linux", "created": "2026-01-01T00:00:00Z",
 "config": {"Env": ["container=docker", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  "Entrypoint": ["/usr/local/bin/entrypoint", "/sbin/init"], "StopSignal": "SIGRTMIN+3"},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]}, "history": [{"created": "2026-01-01T00:00:00Z"}]}
CONF
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"labctl.dev/node:$kube\"], \"Layers\": [\"layer.tar\"]}]" >"$dir/manifest.json"
  tar -C "$dir" -cf "$out.part" manifest.json config.json layer.tar
  mv "$out.part" "$out"
}

debian
kinds
programs
say "loading the images"
preload
say "packing"
pack
say "$(du -h "$out" | cut -f1)"
