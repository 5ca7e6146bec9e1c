# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# kube-apiserver of another version than the cluster's, for its description alone.

versions=$(dirname "$bin")/versions

apiserver_of() { echo "$versions/$1/kube-apiserver"; }

# k8s.io/kubernetes replaces the modules of its staging folder by that folder, which is not part of the module: they are
# published under the same version, as v0.x.y. Checksums come from the Go checksum database and are kept beside go.mod.
build_apiserver() { # version
  local version=$1 minor module folder=$versions/$1 ld
  [ "$version" != "$(kubernetes_version)" ] || { build && mkdir -p "$folder" && ln -sf "$bin/kube-apiserver" "$(apiserver_of "$version")" && return; }
  [ ! -x "$(apiserver_of "$version")" ] || return 0
  command -v go > /dev/null || fail "needed and not found: go; it builds Kubernetes"
  mkdir -p "$folder"
  exec 8> "$folder/lock"
  flock 8 # a build that runs already is waited for
  if [ ! -x "$(apiserver_of "$version")" ]; then
    say "building kube-apiserver $version into $folder; this takes about 8 minutes with 2 cores"
    module=$(cd "$folder" && GOWORK=off GOFLAGS=-mod=mod go mod download -json "k8s.io/kubernetes@$version") ||
      fail "the Go module k8s.io/kubernetes has no version $version: $(jq -r '.Error // "the download failed"' <<< "$module")"
    module=$(jq -r .GoMod <<< "$module")
    {
      echo "module kube-apiserver-of-$version"
      sed -n '/^go [0-9]/p; /^godebug /p; /^godebug (/,/^)/p' "$module"
      echo "require k8s.io/kubernetes $version"
      sed -n "s#^\s*\(k8s.io/[^ ]*\) => ./staging/.*#replace \1 => \1 v0.${version#v1.}#p" "$module"
    } > "$folder/go.mod"
    minor=${version#v1.} && minor=${minor%%.*}
    ld="-s -w -X k8s.io/component-base/version.gitVersion=$version"
    ld+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor"
    (cd "$folder" && GOWORK=off GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -ldflags "$ld" -o new \
      k8s.io/kubernetes/cmd/kube-apiserver 8>&-) >&2 || fail "the build of kube-apiserver $version failed"
    mv "$folder/new" "$(apiserver_of "$version")"
  fi
  exec 8>&-
}
