# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# The node: containerd, runc and the kubelet, with everything that they write kept under $state where they allow it.

# Pod addresses: a /24 of its own for every seven ports, so that clusters side by side do not share one. It lies between
# 10.64.0.0 and 10.100.146.255, away from the service addresses in 10.0.0.0/24.
pod_network() { echo "10.$((64 + port / 7 / 256)).$((port / 7 % 256)).0/24"; }

socket() { echo "$state/containerd/containerd.sock"; }

start_containerd() {
  mkdir -p "$state/containerd/cni"
  cat > "$state/containerd/config.toml" << T
version = 2
root = "$state/containerd/root"
state = "$state/containerd/state"
[grpc]
  address = "$(socket)"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/busybox:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "$state/containerd/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/containerd/cni"
T
  cat > "$state/containerd/cni/10-ptp.conflist" << J
{"cniVersion": "0.4.0", "name": "kubernetes-test-cluster", "plugins": [
  {"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "subnet": "$(pod_network)", "dataDir": "$state/containerd/ipam"}}]}
J
  start containerd containerd --config "$state/containerd/config.toml"
}

# The image that every test pod uses, made of Debian's static busybox in the layout of `docker save`: no registry is needed.
import_busybox_image() {
  local tries=0 root=$state/image/root layer
  mkdir -p "$root"/{bin,etc} && mkdir -m 1777 "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  busybox --list | grep -vx busybox | (cd "$root/bin" && xargs -n1 ln -s busybox)
  echo "root:x:0:0:root:/:/bin/sh" > "$root/etc/passwd"
  tar -C "$root" --owner=0 --group=0 --sort=name -cf "$state/image/layer.tar" .
  layer=$(sha256sum "$state/image/layer.tar" | cut -d' ' -f1)
  jq -n --arg layer "sha256:$layer" --arg architecture "$(architecture)" '{architecture: $architecture, os: "linux",
    config: {Cmd: ["sleep", "1000000"], Env: ["PATH=/bin"]}, rootfs: {type: "layers", diff_ids: [$layer]}}' > "$state/image/config.json"
  echo '[{"Config": "config.json", "RepoTags": ["localhost/busybox:1"], "Layers": ["layer.tar"]}]' > "$state/image/manifest.json"
  tar -C "$state/image" -cf "$state/busybox.tar" manifest.json config.json layer.tar
  rm -rf "$state/image"
  until ctr -a "$(socket)" version > /dev/null 2>&1; do
    running containerd || died containerd
    [ $((tries += 1)) -le 150 ] || fail "containerd does not answer; see $state/log/containerd.log"
    sleep 0.2
  done
  ctr -a "$(socket)" -n k8s.io images import "$state/busybox.tar" > "$state/log/image.log" 2>&1 ||
    fail "the image could not be imported; see $state/log/image.log"
}

architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

start_kubelet() {
  cat > "$state/kubelet.yaml" << Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $((port + 6))
readOnlyPort: 0
healthzPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $state/pki/ca.crt}}
authorization: {mode: AlwaysAllow}
tlsCertFile: $state/pki/kubelet.crt
tlsPrivateKeyFile: $state/pki/kubelet.key
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
cgroupsPerQOS: false
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
containerRuntimeEndpoint: unix://$(socket)
podLogsDir: $state/kubelet/pod-logs
volumePluginDir: $state/kubelet/volume-plugins
resolvConf: ""
evictionHard: {}
localStorageCapacityIsolation: false
Y
  start kubelet "$bin/kubelet" --config="$state/kubelet.yaml" --kubeconfig="$state/kubeconfig" \
    --hostname-override=localhost --root-dir="$state/kubelet" --register-node=true
}

# Ready, without the taint that a new node has, and with the service account that a pod needs.
wait_for_node() {
  local tries=0 name server=https://127.0.0.1:$port
  until api "$server/api/v1/nodes/localhost" 2> /dev/null |
    jq -e '.spec.taints == null and any(.status.conditions[]; .type == "Ready" and .status == "True")' > /dev/null &&
    api "$server/api/v1/namespaces/default/serviceaccounts/default" > /dev/null 2>&1; do
    for name in kubelet controller-manager scheduler apiserver; do running "$name" || died "$name"; done
    [ $((tries += 1)) -le 300 ] || fail "the node is not ready after a minute; see $state/log/kubelet.log"
    sleep 0.2
  done
}

# With kubelet and containerd gone: ends every container, its cgroup, its shim, and what these keep outside of $state.
remove_containers() {
  local directory id process
  for directory in "$state"/containerd/runc/k8s.io/*/; do
    [ -d "$directory" ] || continue
    runc --root "$state/containerd/runc/k8s.io" delete --force "$(basename "$directory")" > /dev/null 2>&1 || true
  done
  for process in /proc/[0-9]*; do
    # A shim is given the socket of its containerd.
    tr '\0' '\n' 2> /dev/null < "$process/cmdline" | grep -qxF "$(socket)" && kill -KILL "${process#/proc/}" 2> /dev/null
  done
  for directory in "$state"/containerd/state/io.containerd.runtime.v2.task/k8s.io/*/; do
    [ -d "$directory" ] || continue
    id=$(basename "$directory")
    [ ! -e "$directory/address" ] || rm -f "$(sed 's#^unix://##' "$directory/address")"
    rm -f /var/lib/cni/results/*-"$id"-*
  done
  # These places are fixed in runc, the kubelet and containerd; only what belongs to this cluster goes.
  rmdir /sys/fs/cgroup/k8s.io /sys/fs/cgroup/*/k8s.io 2> /dev/null
  [ ! -d /var/log/containers ] || find /var/log/containers -lname "$state/*" -delete
  # The kubelet that started last has the socket; another cluster's, which listens still, keeps it. No test uses it.
  grep -q ' /var/lib/kubelet/device-plugins/kubelet.sock$' /proc/net/unix || rm -f /var/lib/kubelet/device-plugins/kubelet.sock
}

# Overlays, shared memory, network namespaces, volumes: the newest first, as mounts lie upon each other.
unmount_state() {
  local target
  awk '{print $5}' /proc/self/mountinfo | tac | while read -r target; do
    target=$(printf %b "${target//\\/\\0}") # mountinfo writes a space as \040
    case $target in "$state"/*) umount "$target" 2> /dev/null || umount --lazy "$target" || true ;; esac
  done
}
