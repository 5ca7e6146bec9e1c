# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# What the cluster consists of: Debian packages, and Go programs built from the modules that go.mod and go.sum pin.

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
programs=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl)

kubernetes_version() { sed -n 's#^\s*k8s.io/kubernetes \(v[0-9.]*\).*#\1#p' "$recipe/go.mod"; }

needs_root() { [ "$(id -u)" = 0 ] || fail "kubelet and containerd need root: run this command as root"; }

build() {
  [ "$(uname -s)" = Linux ] || fail "a cluster with a kubelet needs Linux; this is $(uname -s)"
  install_tools
  is_built || build_programs
}

install_tools() {
  local tool missing=() packages=()
  for tool in "${tools[@]}"; do
    command -v "${tool% *}" > /dev/null || { missing+=("${tool% *}"); packages+=("${tool#* }"); }
  done
  [ ${#missing[@]} = 0 ] && return
  local wanted="needed and not found: ${missing[*]} (Debian packages: ${packages[*]})"
  command -v apt-get > /dev/null || fail "$wanted; install them and run this again"
  [ "$(id -u)" = 0 ] || fail "$wanted; run this as root to have them installed, or install them"
  say "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } < /dev/null >&2 ||
    fail "apt-get could not install: ${packages[*]}"
}

# Changes with whatever decides what the programs are: versions, their checksums, and the flags in this file.
recipe_digest() { (cd "$recipe" && cat go.mod go.sum build.sh | sha256sum | cut -d' ' -f1); }

is_built() {
  local program
  for program in "${programs[@]}"; do [ -x "$bin/$program" ] || return 1; done
  [ "$(cat "$bin/stamp" 2> /dev/null)" = "$(kubernetes_version) $(recipe_digest)" ]
}

build_programs() {
  command -v go > /dev/null ||
    fail "needed and not found: go; install Go $(sed -n 's/^go //p' "$recipe/go.mod") or later, it builds Kubernetes"
  local version
  version=$(go env GOVERSION)
  # Go 1.21 and later fetch the toolchain that go.mod asks for by themselves.
  [ "$(printf '%s\n' go1.21 "$version" | sort -V | head -1)" = go1.21 ] || fail "$version is too old; Go 1.21 or later is needed"
  mkdir -p "$bin"
  exec 8> "$bin/lock"
  flock 8 # a build that runs already is waited for
  if ! is_built; then
    say "building Kubernetes $(kubernetes_version) into $bin; this takes about 11 minutes on a cold machine with 2 cores"
    compile 8>&-
  fi
  exec 8>&-
}

compile() {
  local version minor ld out=$bin/new
  version=$(kubernetes_version)
  minor=${version#v1.} && minor=${minor%%.*}
  ld="-s -w -X k8s.io/component-base/version.gitVersion=$version"
  ld+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor"
  rm -rf "$out"
  mkdir "$out"
  (cd "$recipe" && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -trimpath -ldflags "$ld" -o "$out/" \
    go.etcd.io/etcd/server/v3 k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kubectl}) >&2 ||
    fail "the build of Kubernetes $version failed"
  mv "$out/server" "$out/etcd"
  rm -f "$bin/stamp" # until every program is in place
  mv -f "$out"/* "$bin/"
  rmdir "$out"
  echo "$version $(recipe_digest)" > "$bin/stamp"
}
