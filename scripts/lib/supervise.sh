# shellcheck shell=bash
# Runs commands in the background as process groups, with a time limit, so that each can be ended with all that it has
# started, and a signal is acted upon at once: bash runs a trap only after a command in the foreground has ended, but
# interrupts `wait`.
#
# To be sourced. The script that does so sets its own traps, and calls `end_all` when it exits.

# Starts a command and sets `group`, the id of its process group.
background() { # command...
  set -m # a process group for each job, whose id is that of its first process
  "$@" &
  group=$!
  set +m
}

# Waits for a group that `background` started, and returns the status of its command. After the time limit, says so and
# ends the group.
await() { # group seconds
  local status=0 watchdog
  background _watch "$1" "$2"
  watchdog=$group
  wait "$1" || status=$?
  # The shell reports on standard error that it was killed.
  { kill -KILL -- "-$watchdog" && wait "$watchdog"; } 2> /dev/null || true
  return $status
}

# Ends whatever `background` has started and is still there. Nothing has to be noted for that: the shell knows its jobs.
end_all() {
  # shellcheck disable=SC2046  # ids
  end_groups $(jobs -p)
}

# TERM, and KILL for what is still there after three seconds, or $END_GRACE tenths of a second.
end_groups() { # groups...
  local id tries signal
  for signal in TERM KILL; do
    for id in "$@"; do kill -s $signal -- "-$id" 2> /dev/null || true; done
    for id in "$@"; do
      tries=0
      while [ $signal = TERM ] && kill -0 -- "-$id" 2> /dev/null && [ $((tries += 1)) -le "${END_GRACE:-30}" ]; do sleep 0.1; done
    done
  done
}

_watch() { # group seconds
  sleep "$2"
  echo "the time limit of $2 s is over" >&2
  end_groups "$1"
}
