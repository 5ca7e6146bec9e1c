# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# Certificates, etcd, kube-apiserver and the controllers.
# Ports after $port: +1 and +2 etcd, +3 the API server of `swagger`, +4 controller manager, +5 scheduler, +6 kubelet.

authority() { # name
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$state/pki/$1.key" -subj "/CN=test-$1" -days 365 -out "$state/pki/$1.crt" 2> /dev/null
}

certificate() { # name subject extensions [authority]
  local authority=$state/pki/${4:-ca}
  openssl req -new -newkey rsa:2048 -nodes -keyout "$state/pki/$1.key" -subj "$2" -out "$state/pki/$1.csr" 2> /dev/null
  openssl x509 -req -in "$state/pki/$1.csr" -CA "$authority.crt" -CAkey "$authority.key" -CAcreateserial \
    -days 365 -extfile <(echo "$3") -out "$state/pki/$1.crt" 2> /dev/null
}

make_pki() {
  (
    umask 077
    authority ca
    # Of its own, since whoever writes into etcd is more than an administrator: users of the cluster have certificates of
    # the other one.
    authority etcd-ca
    certificate etcd /CN=etcd "subjectAltName=DNS:localhost,IP:127.0.0.1" etcd-ca
    certificate etcd-client /CN=kube-apiserver-etcd-client "extendedKeyUsage=clientAuth" etcd-ca
    openssl genrsa -out "$state/pki/sa.key" 2048 2> /dev/null
    certificate server /CN=kube-apiserver "subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.0.0.1"
    certificate kubelet /CN=kubelet "subjectAltName=DNS:localhost,IP:127.0.0.1"
    certificate admin /O=system:masters/CN=admin "extendedKeyUsage=clientAuth"
    certificate nobody /CN=nobody "extendedKeyUsage=clientAuth"
    certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client "extendedKeyUsage=clientAuth"
    write_kubeconfig
  )
}

# Beside the administrator: a user without any right (403), no credentials (403, as system:anonymous), a wrong token (401).
write_kubeconfig() {
  cat > "$state/kubeconfig" << Y
apiVersion: v1
kind: Config
clusters:
- {name: test, cluster: {server: "https://127.0.0.1:$port", certificate-authority: pki/ca.crt}}
users:
- {name: admin, user: {client-certificate: pki/admin.crt, client-key: pki/admin.key}}
- {name: nobody, user: {client-certificate: pki/nobody.crt, client-key: pki/nobody.key}}
- {name: anonymous, user: {}}
- {name: wrong-token, user: {token: this-token-is-wrong}}
contexts:
- {name: admin, context: {cluster: test, user: admin}}
- {name: nobody, context: {cluster: test, user: nobody}}
- {name: anonymous, context: {cluster: test, user: anonymous}}
- {name: wrong-token, context: {cluster: test, user: wrong-token}}
current-context: admin
Y
}

api() { # url
  curl -sSf --max-time 10 --cacert "$state/pki/ca.crt" --cert "$state/pki/admin.crt" --key "$state/pki/admin.key" "$1"
}

etcd_call() { # path json: etcd's JSON gateway
  curl -sSf --max-time 30 --cacert "$state/pki/etcd-ca.crt" --cert "$state/pki/etcd-client.crt" --key "$state/pki/etcd-client.key" \
    -X POST "https://127.0.0.1:$((port + 1))/v3/$1" -d "$2"
}

# Loopback is open to every user of the machine, so both ports ask for a certificate, whose key only root can read.
start_etcd() {
  local client=https://127.0.0.1:$((port + 1)) peer=https://127.0.0.1:$((port + 2)) pki=$state/pki
  start etcd "$bin/etcd" --data-dir "$state/etcd" --unsafe-no-fsync --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" \
    --client-cert-auth --trusted-ca-file="$pki/etcd-ca.crt" --cert-file="$pki/etcd.crt" --key-file="$pki/etcd.key" \
    --peer-client-cert-auth --peer-trusted-ca-file="$pki/etcd-ca.crt" --peer-cert-file="$pki/etcd.crt" --peer-key-file="$pki/etcd.key"
}

kube_apiserver() { # name port etcd-prefix flags...
  local name=$1 secure_port=$2 prefix=$3 pki=$state/pki authorization=--authorization-mode=RBAC
  shift 3
  # The server takes one of the two.
  [[ " $* " != *" --authorization-config="* ]] || authorization=
  start "$name" "${apiserver:-$bin/kube-apiserver}" --etcd-servers="https://127.0.0.1:$((port + 1))" --etcd-prefix="$prefix" \
    --etcd-cafile="$pki/etcd-ca.crt" --etcd-certfile="$pki/etcd-client.crt" --etcd-keyfile="$pki/etcd-client.key" \
    --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$secure_port" --endpoint-reconciler-type=none \
    --tls-cert-file="$pki/server.crt" --tls-private-key-file="$pki/server.key" --client-ca-file="$pki/ca.crt" \
    --service-account-key-file="$pki/sa.key" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.0.0.0/24 \
    ${authorization:+"$authorization"} --allow-privileged=true --kubelet-preferred-address-types=Hostname \
    --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
    --kubelet-certificate-authority="$pki/ca.crt" "$@"
}

# The gates are of features that the SDK speaks and that are still off by default: CBOR bodies, sharded lists and watches.
start_apiserver_process() { # flags...
  # shellcheck disable=SC2086  # several flags in one variable
  kube_apiserver apiserver "$port" /registry --feature-gates=CBORServingAndStorage=true,ShardedListAndWatch=true \
    ${CLUSTER_APISERVER_FLAGS:-} "$@"
}

start_controllers() {
  start controller-manager "$bin/kube-controller-manager" --kubeconfig="$state/kubeconfig" --bind-address=127.0.0.1 \
    --secure-port=$((port + 4)) --leader-elect=false --service-account-private-key-file="$state/pki/sa.key" \
    --root-ca-file="$state/pki/ca.crt" --use-service-account-credentials=true
  start scheduler "$bin/kube-scheduler" --kubeconfig="$state/kubeconfig" --bind-address=127.0.0.1 \
    --secure-port=$((port + 5)) --leader-elect=false
}

# Left to itself it waits for a minute for open watches to end; tests need it gone.
stop_apiserver() {
  running etcd || fail "the cluster is not up; run: scripts/test-cluster up"
  grace=10 stop apiserver
}

# A started API server's watch cache knows nothing older than its start, so a watch that resumes is told 410, whatever
# etcd still has. With --watch-cache=false watches are served by etcd, as by another replica that kept running:
# then one resumes after the restart and misses nothing.
start_apiserver() { # flags...
  running etcd || fail "the cluster is not up; run: scripts/test-cluster up"
  running apiserver || start_apiserver_process "$@"
  wait_ready apiserver "https://127.0.0.1:$port/readyz"
}

# shellcheck disable=SC2120  # scripts/test-cluster passes flags
restart_apiserver() { # flags...
  stop_apiserver
  start_apiserver "$@"
}

# Two things remember old versions: etcd, until it is compacted, and the API server's watch cache, which goes on serving
# watches from the events that it holds whatever etcd has forgotten. So etcd is compacted, and the API server
# restarted: its cache then begins at the current revision, and an older resourceVersion is answered with 410.
# The two writes, outside the API server's keys, move the revision past every resourceVersion that was handed out.
compact() {
  running etcd || fail "the cluster is not up; run: scripts/test-cluster up"
  local revision
  etcd_call kv/put '{"key": "Y29tcGFjdA==", "value": "MQ=="}' > /dev/null
  revision=$(etcd_call kv/put '{"key": "Y29tcGFjdA==", "value": "Mg=="}' | jq -r .header.revision)
  etcd_call kv/compaction "{\"revision\": \"$revision\", \"physical\": true}" > /dev/null
  # shellcheck disable=SC2119
  restart_apiserver
  say "compacted at revision $revision"
}

# A second API server under another key prefix, with everything on, so that the cluster's own data are not touched.
# Another version's has a prefix of its own: it could not read what this one stored.
swagger() { # file [version]
  local file=$1 version=${2:-$(kubernetes_version)} apiserver
  build
  build_apiserver "$version"
  apiserver=$(apiserver_of "$version")
  if running etcd; then
    trap 'stop apiserver-spec' EXIT
  else
    [ ! -e "$state/marker" ] || remove
    require_free_ports
    prepare
    trap remove EXIT
    make_pki
    start_etcd
  fi
  trap 'exit 130' INT TERM HUP
  kube_apiserver apiserver-spec $((port + 3)) "/spec-$version" --runtime-config=api/all=true --feature-gates=AllAlpha=true,AllBeta=true
  wait_ready apiserver-spec "https://127.0.0.1:$((port + 3))/readyz"
  api "https://127.0.0.1:$((port + 3))/openapi/v2" | jq --sort-keys --indent 1 --arg version "$version" \
    '.info.version = $version' > "$file.new" || fail "the API server's /openapi/v2 could not be read"
  mv -f "$file.new" "$file"
  say "wrote $file, Kubernetes $version, sha256 $(sha256sum "$file" | cut -d' ' -f1)"
}
