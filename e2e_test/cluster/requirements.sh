# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# What the cluster needs of the machine: Linux, root, Debian packages, Go to build it, and free ports.

# What `up` cannot bring about by itself. Installs, builds and starts nothing.
requirements() {
  needs_linux
  needs_root
  installable_tools
  is_built || needs_go
  is_up || require_free_ports
}

# command that must exist, and the Debian package that has it
tools=(
  "openssl openssl"
  "curl curl"
  "jq jq"
  "containerd containerd"
  "ctr containerd"
  "runc runc"
  "busybox busybox-static"
  "/usr/lib/cni/ptp containernetworking-plugins"
  "flock util-linux"
  "setsid util-linux"
)

needs_linux() { [ "$(uname -s)" = Linux ] || fail "a cluster with a kubelet needs Linux; this is $(uname -s)"; }

needs_root() { [ "$(id -u)" = 0 ] || fail "kubelet and containerd need root: run this command as root"; }

needs_go() {
  command -v go > /dev/null ||
    fail "needed and not found: go; install Go $(sed -n 's/^go //p' "$recipe/go.mod") or later, it builds Kubernetes"
  local version
  version=$(go env GOVERSION)
  # Go 1.21 and later fetch the toolchain that go.mod asks for by themselves.
  [ "$(printf '%s\n' go1.21 "$version" | sort -V | head -1)" = go1.21 ] || fail "$version is too old; Go 1.21 or later is needed"
}

# Sets `packages` to what is missing, having made sure that it can be installed.
installable_tools() {
  local tool missing=()
  packages=()
  for tool in "${tools[@]}"; do
    command -v "${tool% *}" > /dev/null || { missing+=("${tool% *}"); packages+=("${tool#* }"); }
  done
  [ ${#missing[@]} = 0 ] && return
  local wanted="needed and not found: ${missing[*]} (Debian packages: ${packages[*]})"
  command -v apt-get > /dev/null || fail "$wanted; install them and run this again"
  [ "$(id -u)" = 0 ] || fail "$wanted; run this as root to have them installed, or install them"
}

install_tools() {
  local packages
  installable_tools
  [ ${#packages[@]} = 0 ] && return
  say "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } < /dev/null >&2 ||
    fail "apt-get could not install: ${packages[*]}"
}

require_free_ports() {
  local offset
  for offset in 0 1 2 3 4 5 6; do
    if (exec 3<> "/dev/tcp/127.0.0.1/$((port + offset))") 2> /dev/null; then
      fail "port $((port + offset)) is in use; set CLUSTER_PORT to the first of seven free ports"
    fi
  done
}
