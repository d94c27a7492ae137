#!/usr/bin/env bash
# Runs a command on a machine that has cgroup v2 and nothing else, as most machines do today: a Debian kernel in an
# emulated computer (QEMU without KVM, so ten times slower), which sees this machine's files and writes to memory only.
# Nothing of it is left. Needs root, for apt; ends with the command's exit code.
#
#   internal/tools/cgroup2.sh COMMAND...
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "cgroup2: run this as root" >&2; exit 1; }
cache=${XDG_CACHE_HOME:-$HOME/.cache}/labctl/kernel
scratch=$(mktemp -d "${TMPDIR:-/tmp}/labctl-cgroup2.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# tools: what this machine lacks of what is needed here.
missing=()
while read -r program package; do command -v "$program" >/dev/null || missing+=("$package"); done <<'TOOLS'
qemu-system-x86_64 qemu-system-x86
busybox busybox-static
depmod kmod
cpio cpio
TOOLS
[ ${#missing[@]} = 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null

if [ ! -d "$cache/boot" ]; then
  kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
  (cd "$scratch" && apt-get download -qq "$kernel" 2>/dev/null && mkdir -p "$cache" && dpkg-deb -x "$kernel"_*.deb "$cache") ||
    { echo "cgroup2: cannot fetch Debian's kernel ($kernel)" >&2; exit 1; }
fi
version=$(ls "$cache/lib/modules")
depmod -b "$cache" "$version"

# The first file system: enough to mount this machine's files, and a memory over them.
root=$scratch/root
mkdir -p "$root"/{bin,proc,sys,dev,below,above,root,modules}
cp "$(command -v busybox)" "$root/bin/busybox"
n=0
while read -r file; do n=$((n + 1)) && cp "$file" "$root/modules/$(printf %02d $n).ko"; done < <(
  for module in virtio_pci 9pnet_virtio 9p overlay; do modprobe -d "$cache" -S "$version" --show-depends "$module"; done | awk '$1 == "insmod" && !seen[$2]++ {print $2}'
)
cat >"$root/init" <<INIT
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc && \$b mount -t sysfs sys /sys && \$b mount -t devtmpfs dev /dev
for module in /modules/*; do \$b insmod \$module; done
\$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 host /below
\$b mount -t tmpfs -o size=75% tmpfs /above && \$b mkdir /above/files /above/work
\$b mount -t overlay -o lowerdir=/below,upperdir=/above/files,workdir=/above/work overlay /root
for place in proc sys dev; do \$b mount --move /\$place /root/\$place; done
exec \$b switch_root /root /bin/bash "$scratch/inside.sh"
INIT
chmod +x "$root/init"

# inside is the first process of that machine.
{
  printf 'cd %q\n' "$PWD"
  printf 'command=('
  printf '%q ' "$@"
  printf ')\n'
  for name in PATH HOME GOPROXY GOFLAGS LABCTL_BIN LABCTL_HOME; do [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"; done
  printf 'modules=%q version=%q\n' "$cache/lib/modules" "$version"
  cat <<'INSIDE'
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm /lib/modules
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -sfn "$modules/$version" "/lib/modules/$version"
for module in tun veth bridge nf_tables nft_chain_nat nft_ct nft_masq nft_redir nft_numgen nft_fib_inet nft_reject_inet; do modprobe "$module" || true; done
ip link set lo up
echo "a machine with cgroup v2 alone: $(uname -r), $(cat /sys/fs/cgroup/cgroup.controllers)"
code=0
"${command[@]}" </dev/null || code=$?
echo "exit code $code"
echo o >/proc/sysrq-trigger
sleep infinity
INSIDE
} >"$scratch/inside.sh"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$scratch/initrd"

qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 8G -display none -monitor none -serial stdio -no-reboot -net none \
  -kernel "$cache/boot/vmlinuz-$version" -initrd "$scratch/initrd" -append "console=ttyS0 quiet no_timer_check panic=-1" \
  -virtfs local,path=/,mount_tag=host,security_model=passthrough,readonly=on,multidevs=remap </dev/null | sed -u 's/\r//g' | tee "$scratch/said"
code=$(sed -n 's/^exit code \([0-9]*\)$/\1/p' "$scratch/said" | tail -1)
[ -n "$code" ] || { echo "cgroup2: the machine ended before the command" >&2; exit 1; }
exit "$code"
