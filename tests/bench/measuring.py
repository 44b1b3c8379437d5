# SPDX-License-Identifier: Apache-2.0
"""What benchmarks measure with: pinned processes, wrk, nginx, an open loop, /proc.

Used by tests/bench/reader. Servers and their load generators run on different cores, and what is compared
runs on the same ones.
"""
import contextlib
import os
import re
import resource
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import harness

CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPUS = CPUS[:max(1, len(CPUS) // 2)]
LOAD_CPUS = CPUS[len(SERVER_CPUS):] or CPUS
MIB = 1024 * 1024
PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")


def pinned(cpus, argv):
    return ["taskset", "-c", ",".join(map(str, cpus)), *map(str, argv)]


def run(argv, **options):
    """Its standard output; a failure shows what it said."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]} failed with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def in_turn(*measures, runs):
    """A list of values of each: all of them are hit alike by what disturbs."""
    values = [[] for _ in measures]
    for _ in range(runs):
        for taken, measure in zip(values, measures):
            taken.append(measure())
    return values


# --- HTTP ---

def raw_answer(url, headers=()):
    """(head, body) of one GET, as bytes, just as they came."""
    at = urlsplit(url)
    target = (at.path or "/") + ("?" + at.query if at.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {at.netloc}", "Connection: close", *headers, "", ""]
    with socket.create_connection((at.hostname, at.port), timeout=600) as sock:
        sock.sendall("\r\n".join(lines).encode())
        data = b"".join(iter(lambda: sock.recv(MIB), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


def wrk(url, seconds, connections=64, headers=(), script=None, expect_2xx=True):
    """Requests a second that were answered well."""
    options = [word for header in headers for word in ("-H", header)]
    options += ["-s", script] if script else []
    out = run(pinned(LOAD_CPUS, ["wrk", "-t", len(LOAD_CPUS), "-c", connections, "-d", f"{seconds}s", "--timeout", "20s",
                                 *options, url]))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: (.*)", out)
    if expect_2xx and (bad or broken):
        raise RuntimeError(f"wrk {url}: {out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


class Request:
    """A GET that is asked again and again on kept connections."""

    def __init__(self, url, headers=()):
        self.url = url
        self.headers = list(headers)

    def conditional(self):
        """The same with the answer's ETag: the answer is a 304."""
        tag = re.search(rb"(?i)\r\netag: ([^\r]*)", raw_answer(self.url)[0]).group(1).decode()
        request = Request(self.url, [f"If-None-Match: {tag}"])
        assert raw_answer(self.url, request.headers)[0].split()[1] == b"304", self.url
        return request

    def head_bytes(self):
        """Of the answer on a kept connection, where nginx says that it is kept."""
        head, _ = raw_answer(self.url, self.headers)
        instead = b"Connection: keep-alive\r\n" if b"\nServer: nginx" in head else b""
        return len(head.replace(b"Connection: close\r\n", instead))

    def wrk(self, seconds):
        return wrk(self.url, seconds, headers=self.headers)


def download_seconds(url, headers=()):
    """Of a whole answer, thrown away by curl."""
    options = [word for header in headers for word in ("-H", header)]
    out = run(pinned(LOAD_CPUS, ["curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{time_total} %{size_download}",
                                 *options, url]))
    seconds, size = out.split()
    return float(seconds), int(size)


class Connections:
    """Idle keep-alive connections, each of which has been answered once."""

    def __init__(self, url, count, path):
        at = urlsplit(url)
        request = f"GET {path} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode()
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.sockets = []
        for _ in range(count):
            sock = socket.create_connection((at.hostname, at.port), timeout=30)
            sock.sendall(request)
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")
            self.sockets.append(sock)

    def close(self):
        for sock in self.sockets:
            sock.close()


def receive(sock):
    data = sock.recv(65536)
    if not data:
        raise ConnectionError("closed within an answer")
    return data


def ask(sock, host, path):
    """Reads a whole answer; was it good?"""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    left = int(re.search(rb"(?i)content-length: (\d+)", head).group(1)) - len(body)
    while left > 0:
        left -= len(receive(sock))
    return head.startswith(b"HTTP/1.1 200")


class Overrun(RuntimeError):
    """So many requests were due that the rest was not asked."""


class OpenLoop:
    """Requests at fixed times, whatever became of those before; latency counts from the time that was due. With
    `backlog` it ends with Overrun when more than so many seconds of requests are due: from there on latencies only tell
    how long it ran."""

    def __init__(self, url, paths, rate, seconds, backlog=None):
        self.at = urlsplit(url)
        self.paths = paths
        self.rate = rate
        self.interval = 1 / rate
        self.count = int(rate * seconds)
        self.backlog = int(rate * (backlog or seconds))
        self.overrun = None
        self.lock = threading.Lock()
        self.next = 0
        self.latencies = []
        self.failures = []

    def _take(self):
        with self.lock:
            self.next += 1
            return self.next - 1

    def _work(self, begin):
        with socket.create_connection((self.at.hostname, self.at.port), timeout=60) as sock:
            while (number := self._take()) < self.count and not self.overrun:
                due = begin + number * self.interval
                waiting = min(self.count, int((time.monotonic() - begin) * self.rate)) - number
                if waiting > self.backlog:
                    self.overrun = f"{waiting} requests due at once, after {len(self.latencies)} answers"
                    return
                time.sleep(max(0, due - time.monotonic()))
                path = self.paths[number % len(self.paths)]
                try:
                    good = ask(sock, self.at.netloc, path)
                except OSError as failure:  # closed, or nothing came for a minute: the others go on
                    self.failures.append(f"{path}: {failure}")
                    return
                self.latencies.append(time.monotonic() - due)
                if not good:
                    self.failures.append(path)
                    return  # the server may close a connection behind a refusal

    def run(self, workers=32):
        """Seconds of each request, in ascending order."""
        begin = time.monotonic() + 0.2
        threads = [threading.Thread(target=self._work, args=(begin,)) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.overrun:
            raise Overrun(self.overrun)
        if self.failures or len(self.latencies) != self.count:
            raise RuntimeError(f"{len(self.latencies)} of {self.count} answers, failed: {self.failures[:3]}")
        return sorted(self.latencies)


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))]


# --- nginx with one worker, serving files ---

class Nginx(harness.Process):
    def __init__(self, directory):
        super().__init__(directory, "nginx")
        self.port = harness.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = self.directory / "www"
        self.root.mkdir(exist_ok=True)
        self.fills = {}

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.kill()
        return False

    def serve(self, name, body):
        """With the headers that nginx gives a file: Server, Date, Last-Modified, ETag, Connection, type and length."""
        (self.root / name).write_bytes(body)
        self.fills[name] = ""
        self.kill()
        self.start()

    def fill_up(self, name, missing):
        """Its head becomes longer by so many bytes: as long as that of what it is compared with."""
        line = "X-Fill: \r\n"
        if missing >= len(line):
            self.fills[name] = "add_header X-Fill '" + "x" * (missing - len(line)) + "';"
            self.kill()
            self.start()

    def config(self):
        places = "".join(f"location = /{name} {{ {fill} }}\n" for name, fill in self.fills.items())
        temporary = "".join(f"{kind}_temp_path {self.directory}/{kind};"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
daemon off; master_process off; worker_processes 1; pid {self.directory}/nginx.pid; error_log stderr;
events {{ worker_connections 20000; }}
http {{
  access_log off; server_tokens off; sendfile on; tcp_nopush on; tcp_nodelay on; max_ranges 0;
  keepalive_requests 1000000000; keepalive_timeout 1h; open_file_cache max=100; default_type application/json;
  {temporary}
  server {{ listen 127.0.0.1:{self.port} backlog=4096; root {self.root}; {places} }}
}}
"""

    def start(self):
        path = self.directory / "nginx.conf"
        path.write_text(self.config())
        self.spawn(pinned(SERVER_CPUS, ["nginx", "-e", "stderr", "-c", path]))
        harness.wait_for(lambda: self.check_running() or raw_answer(self.url + "/")[0], "nginx")


# --- processes ---

def children(pid):
    """Of a process, in the order in which they were made."""
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def processor_ns(pids):
    """What processes that wait now have run: not what others on the machine have made them wait."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)


def processor_seconds(url, paths, pids):
    """Of each request, one behind the other, the processor time of the processes that answer it, in ascending order."""
    at, taken = urlsplit(url), []
    with socket.create_connection((at.hostname, at.port), timeout=600) as sock:
        for path in paths:
            before = processor_ns(pids)
            if not ask(sock, at.netloc, path):
                raise RuntimeError(f"{path} failed")
            taken.append((processor_ns(pids) - before) / 1e9)
    return sorted(taken)


class Busy:
    """What part of a core a process took while something was measured: near 100% it is what limits."""

    def __init__(self, pid):
        self.pid = pid
        self.wall = self.cpu = 0

    def during(self, measure, *args):
        wall, cpu = time.monotonic(), cpu_seconds([self.pid])
        value = measure(*args)
        self.wall += time.monotonic() - wall
        self.cpu += cpu_seconds([self.pid]) - cpu
        return value

    def part(self):
        return self.cpu / self.wall


def memory_kib(pid, name="VmRSS"):
    return int(re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


@contextlib.contextmanager
def peak_growth_mib(pid):
    """Yields a list that holds, afterwards, by how much the process's peak was above what it had before."""
    before = memory_kib(pid)
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM begins again
    grown = []
    yield grown
    grown.append(max(0, memory_kib(pid, "VmHWM") - before) / 1024)


def median(values):
    return statistics.median(values)
