# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# The Go programs of the cluster, built from the modules that go.mod and go.sum pin.

programs=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl)

kubernetes_version() { sed -n 's#^\s*k8s.io/kubernetes \(v[0-9.]*\).*#\1#p' "$recipe/go.mod"; }

build() {
  needs_linux
  install_tools
  is_built || build_programs
}

# Changes with whatever decides what the programs are: versions, their checksums, and the flags in this file.
recipe_digest() { (cd "$recipe" && cat go.mod go.sum build.sh | sha256sum | cut -d' ' -f1); }

is_built() {
  local program
  for program in "${programs[@]}"; do [ -x "$bin/$program" ] || return 1; done
  [ "$(cat "$bin/stamp" 2> /dev/null)" = "$(kubernetes_version) $(recipe_digest)" ]
}

build_programs() {
  needs_go
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
