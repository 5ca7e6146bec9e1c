# shellcheck shell=bash disable=SC2154  # sourced by scripts/test-cluster, which sets the variables
# Starting, watching and ending the cluster's processes.
# A process is known by its id and its start time, so that an id used again by another program is never signalled.

start_time() { # pid
  local stat
  stat=$(cat "/proc/$1/stat" 2> /dev/null) || return 1
  # The second field, the command's name in parentheses, may have spaces; the state is the third, the start time the 22nd.
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$1" != Z ] && echo "${20}"
}

start() { # name command...
  local name=$1
  shift
  setsid "$@" > "$state/log/$name.log" 2>&1 < /dev/null 9>&- &
  echo "$! $(start_time $!)" > "$state/pid/$name"
}

running() { # name
  local pid time
  read -r pid time 2> /dev/null < "$state/pid/$1" && [ -n "$time" ] && [ "$(start_time "$pid")" = "$time" ]
}

is_up() {
  local name
  for name in etcd apiserver controller-manager scheduler containerd kubelet; do
    running "$name" || return 1
  done
}

# Sends TERM to all, then KILL to those that have not ended after ten seconds, or $grace (else $CLUSTER_GRACE) tenths of a second.
stop() { # name...
  local name pid signal
  for signal in TERM KILL; do
    for name in "$@"; do
      running "$name" && read -r pid _ < "$state/pid/$name" && kill -s $signal "$pid" 2> /dev/null
    done
    for name in "$@"; do
      for _ in $(seq "${grace:-${CLUSTER_GRACE:-100}}"); do
        running "$name" || break
        sleep 0.1
      done
    done
  done
  for name in "$@"; do rm -f "$state/pid/$name"; done
}

died() { # name
  say "$1 ended; the end of $state/log/$1.log:"
  tail -n 15 "$state/log/$1.log" >&2
  exit 1
}

wait_ready() { # name url
  local tries=0
  until api "$2" > /dev/null 2>&1; do
    running "$1" || died "$1"
    [ $((tries += 1)) -le 300 ] || fail "$1 is not ready after a minute ($2); see $state/log/$1.log"
    sleep 0.2
  done
}
