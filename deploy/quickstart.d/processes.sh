# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What deploy/quickstart says, and the processes that it starts. Sourced by it. Always holds: each
# process is in `pids`, in a session of its own (a Ctrl-C reaches the script only), and gets SIGTERM
# from the kernel should the script be killed.

# A registry stops before the writer, which then misses none of its last events.
readonly STOP_ORDER="proxy reader-2 reader-1 registry writer database"
readonly STOP_SECONDS=20

declare -A pids=()

if [[ -t 1 ]]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' green='' red='' plain=''
fi

say() {
    printf '%s==>%s %s\n' "$green" "$plain" "$*"
}

fail() {
    printf '%squickstart: %s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

fail_with_log() { # NAME WHAT
    tail -n 15 "$logs/$1.log" >&2 || true
    fail "$2 (see $logs/$1.log)"
}

# Debian's packages bring these users; whatever has none runs as nobody.
user_for() {
    getent passwd "$1" >/dev/null && echo "$1" || echo nobody
}

# Sets `prefix` to the words that make a command run as USER with a clean environment (proxies,
# REGISTRY_*, PG* …). Whoever is not root stays himself.
become() { # USER [SETPRIV-OPTION…]
    local user=$1
    shift
    if [[ $EUID -eq 0 ]]; then
        prefix=(setpriv "$@" "--reuid=$user" "--regid=$(id -g "$user")" --init-groups --reset-env)
    else
        prefix=(env -i "HOME=$HOME" "PATH=$PATH")
        (($# == 0)) || prefix+=(setpriv "$@")
    fi
}

run_as() { # USER COMMAND…
    local prefix
    become "$1"
    shift
    (cd / && exec "${prefix[@]}" "$@")
}

own_directory() { # USER DIRECTORY MODE
    mkdir -p "$2"
    chmod "$3" "$2"
    [[ $EUID -ne 0 ]] || chown "$1:" "$2"
}

# Files that root writes lie in $dir/etc: in a directory of its own USER could plant a link.
own_file() { # USER NAME: standard input becomes $dir/etc/NAME, which only USER reads
    (umask 077 && cat >"$dir/etc/$2")
    [[ $EUID -ne 0 ]] || chown "$1:" "$dir/etc/$2"
}

start() { # NAME USER COMMAND…
    local name=$1 prefix
    become "$2" --pdeathsig TERM
    shift 2
    setsid "${prefix[@]}" "$@" >"$logs/$name.log" 2>&1 </dev/null 9>&- &
    pids[$name]=$!
}

check_processes() {
    local name
    for name in "${!pids[@]}"; do
        kill -0 "${pids[$name]}" 2>/dev/null || fail_with_log "$name" "$name has ended"
    done
}

# Until COMMAND succeeds; the log of NAME tells why it did not.
wait_until() { # SECONDS NAME COMMAND…
    local deadline=$((SECONDS + $1)) name=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        check_processes
        ((SECONDS < deadline)) || fail_with_log "$name" "$name is not ready in time"
        sleep 0.1
    done
}

wait_for_end() { # until a process ends, which none should
    local name ended
    wait -n -p ended "${pids[@]}" || true
    for name in "${!pids[@]}"; do
        [[ ${pids[$name]} != "${ended:-}" ]] || fail_with_log "$name" "$name has ended"
    done
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

stop() { # NAME
    local pid=${pids[$1]:-} signal=TERM deadline=$((SECONDS + STOP_SECONDS))
    [[ -n $pid ]] || return 0
    [[ $1 != database ]] || signal=INT # PostgreSQL's "fast": does not wait for its clients
    kill -"$signal" "$pid" 2>/dev/null || true
    until has_ended "$pid"; do
        if ((SECONDS >= deadline)); then
            echo "quickstart: $1 does not stop, killing it" >&2
            kill -KILL "$pid" 2>/dev/null || true
            break
        fi
        sleep 0.05
    done
    unset "pids[$1]"
}

stop_all() {
    local name
    for name in $STOP_ORDER; do
        stop "$name"
    done
}

# Prints COUNT ports: FIRST and those after it, or a free one instead of each that is taken.
free_ports() { # FIRST (0: all free ones) COUNT
    /usr/bin/python3 - "$@" <<'PYTHON'
import socket, sys

def bind(port):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", port))
        server.listen()
    except OSError:
        server.close()
        return bind(0)
    return server

first, count = map(int, sys.argv[1:])
wanted = range(first, first + count) if 0 < first < 65536 - count else [0] * count
servers = [bind(port) for port in wanted] # all at once, so that none is given twice
print(*(server.getsockname()[1] for server in servers))
PYTHON
}
