#!/usr/bin/env bash
# Makes what tests/containers need on a machine without Docker: podman from Debian's packages, and two images made from
# Debian's packages too (mosquitto, and our own by Containerfile). As root; where something is not to be had it says
# what, and the tests skip by name. Everything is kept under one directory, for the next run.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=${HEADWAY_CONTAINERS:-/var/tmp/headway-containers}

without() {
  echo "containers: $1; their tests will skip"
  exit 0
}
[ "$(id -u)" = 0 ] || without "not root, so no podman from packages"
command -v apt-get >/dev/null || without "no apt-get, so no podman from packages"

needed=()
for command in podman debootstrap runc iptables; do command -v $command >/dev/null || needed+=("$command"); done
if [ ${#needed[@]} -gt 0 ]; then
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${needed[@]}" netavark aardvark-dns >/dev/null) || without "apt-get could not install ${needed[*]}"
fi

mkdir -p "$home"
if [ ! -e "$home/storage.conf" ]; then
  # Layers on an overlay where this machine allows it; whole copies otherwise. Chosen before the first use.
  probe=$(mktemp -d -p "$home")
  mkdir "$probe"/{lower,upper,work,merged}
  driver=vfs
  if mount -t overlay overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" "$probe/merged" 2>/dev/null; then
    umount "$probe/merged"
    driver=overlay
  fi
  rm -rf "$probe"
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' $driver "$home" "$home" >"$home/storage.conf"
fi
# What a container that ran a command leaves behind is cleared after a second, not after five minutes.
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nexit_command_delay = 1\n[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "%s/networks"\n' "$home" >"$home/containers.conf"
export CONTAINERS_CONF=$home/containers.conf CONTAINERS_STORAGE_CONF=$home/storage.conf

# Debian with mosquitto, and with the Node.js and npm of this machine: what node:24-bookworm-slim would be.
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
if ! podman image exists localhost/headway-test/debian; then
  root=$(mktemp -d -p "$home")
  trap 'rm -rf "$root"' EXIT
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6,mosquitto "$suite" "$root" >"$home/debootstrap.log" 2>&1 ||
    without "debootstrap could not make Debian $suite (see $home/debootstrap.log)"
  cp -L node_modules/node-linux-*/bin/node "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  npm=$(readlink -f "$(command -v npm)")
  cp -r "${npm%/bin/npm-cli.js}" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  # The registry may stand behind a certificate that this machine knows and Debian does not.
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >"$root/usr/local/etc/npmrc"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
  tar -C "$root" -c . | podman import --quiet - localhost/headway-test/debian >/dev/null
fi
podman tag localhost/headway-test/debian localhost/headway-test/mosquitto

podman build --quiet --format docker --network host --build-arg BASE=localhost/headway-test/debian \
  --tag localhost/headway-test/headway -f Containerfile . >/dev/null ||
  without "our own image did not build"
podman image prune --force >/dev/null
echo "containers: $(podman info --format '{{.Store.GraphDriverName}}'), images headway-test/mosquitto and headway-test/headway"
