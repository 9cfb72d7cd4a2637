#!/usr/bin/env python3
"""The first figures: fan-out, idle connections, durable messages, sign-ups, each beside what the machine can do at best.

    python3 benches/figures.py --server target/dist/secure-chat --load WSLOAD --floor FLOOR \\
        --disk SQLITEFLOOR --hello target/dist/examples/hello [WHAT ...]

WHAT: fanout, latency, stalled, idle, durable, pages, healthz (all of them without one). WSLOAD opens sockets and checks
every delivery, FLOOR is a server that does nothing but write to sockets, SQLITEFLOOR commits rows and nothing else;
`wrk` asks for pages. The server is pinned to the first processor, the load to the second. Every ratio is that of two runs one after the other;
what is printed at the end is the median of ROUNDS (3) of them.
"""

import argparse
import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

USERS = 64
PASSWORD = "correct horse battery"
AUTH = '{"type":"auth","token":"{token}"}'
SAY = '{"type":"message","content":"{content}","message_type":"text"}'
# Every sender counts its own messages, and no two senders share an account: the number is the client's id.
SAY_NAMED = '{"type":"message","content":"{content}","message_type":"text","client_id":"{seq}"}'
SETTINGS = {
    "RATE_LIMIT_MESSAGES": "100000000",
    "RATE_LIMIT_REGISTRATIONS": "100000",
    "MAX_SOCKETS_PER_USER": "1000000",
    "MAX_SOCKETS_PER_ADDRESS": "1000000",
    "MAX_CONNECTIONS_PER_ADDRESS": "1000000",
    "LOG": "error",
}


def pinned(cpu, command, **more):
    return subprocess.Popen(["taskset", "-c", str(cpu), *map(str, command)], stdout=subprocess.PIPE, text=True, **more)


def slow_disk(options):
    """The environment in which every sync of the disk takes so many microseconds longer, if that is asked for."""
    if not options.sync_delay:
        return {}
    library = pathlib.Path(tempfile.gettempdir()) / "slow_sync.so"
    source = pathlib.Path(__file__).with_name("slow_sync.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_SYNC": str(options.sync_delay)}


class Server:
    """The server on a directory of its own, with accounts to sign in with."""

    def __init__(self, options, directory, users=USERS):
        self.process = pinned(
            0,
            [options.server, "--data-dir", directory, "serve", "--port", "0"],
            env={**SETTINGS, "PATH": os.environ["PATH"], **slow_disk(options)},
        )
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                break
        self.port = self.address.rsplit(":", 1)[1]
        self.pid = self.process.pid
        self.tokens = [self.register(f"user{n}") for n in range(users)]
        self.token_file = pathlib.Path(directory) / "tokens"
        self.token_file.write_text("\n".join(self.tokens) + "\n")

    def call(self, path, body=None, token=None):
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.address + path, data, headers)) as answer:
            return json.load(answer)

    def register(self, name):
        body = {"username": name, "password": PASSWORD, "confirm_password": PASSWORD, "session": "bearer"}
        return self.call("/register", body)["token"]

    def dialect(self, say=SAY, ack=""):
        return ["--dialect", "seed", "--path", "/ws", "--tokens", self.token_file, "--auth", AUTH,
                "--auth-ok", "auth_ok", "--msg", say, "--ack", ack]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Floor:
    def __init__(self, program):
        self.port = "9003"
        self.process = pinned(0, [program, "--port", self.port])
        self.pid = self.process.pid
        time.sleep(0.3)

    def dialect(self):
        return ["--dialect", "raw"]

    def stop(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(server):
    try:
        yield server
    finally:
        server.stop()


def load(options, mode, server, dialect, *flags):
    command = [options.load, mode, "--port", server.port, "--pid", server.pid, "--pin", 1, *dialect, *flags]
    done = pinned(1, command)
    said = done.communicate()[0]
    if done.returncode != 0:
        sys.exit(f"not clean: {said}")
    print(said, end="", flush=True)
    return json.loads(said.splitlines()[-1])


def with_server(options, use, **more):
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        with running(Server(options, directory, **more)) as server:
            return use(server)


def with_floor(options, use):
    with running(Floor(options.floor)) as floor:
        return use(floor)


def report(what, ratios, unit="x the floor"):
    shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"== {what}: {statistics.median(ratios):.2f} {unit} (of {shown})", flush=True)


def fanout(options):
    for n in (1000, 5000):
        for window in (1, 16):
            flags = ("-n", n, "--secs", options.secs, "--window", window, "--size", 200)
            ratios = []
            for _ in range(options.rounds):
                floor = with_floor(options, lambda f: load(options, "fanout", f, f.dialect(), *flags))
                own = with_server(options, lambda s: load(options, "fanout", s, s.dialect(), *flags))
                ratios.append(own["cpu_us_per_delivery"] / floor["cpu_us_per_delivery"])
            report(f"CPU per delivery, N={n}, window {window}", ratios)


def latency(options):
    flags = ("-n", 1000, "--secs", 10, "--rate", 20, "--size", 200)
    ratios = []
    for _ in range(options.rounds):
        floor = with_floor(options, lambda f: load(options, "fanout", f, f.dialect(), *flags))
        own = with_server(options, lambda s: load(options, "fanout", s, s.dialect(), *flags))
        ratios.append(own["p99_us"] / floor["p99_us"])
    report("send to receipt, N=1000, 20 messages/s, p99", ratios)


def idle(options):
    flags = ("-n", 10000, "--secs", 5)
    memory, connects = [], []
    for _ in range(options.rounds):
        floor = with_floor(options, lambda f: load(options, "idle", f, f.dialect(), *flags))
        own = with_server(options, lambda s: load(options, "idle", s, s.dialect(), *flags))
        memory.append(own["rss_kib_per_conn"])
        connects.append(own["connects_per_s"] / floor["connects_per_s"])
    report("memory per idle connection, 10,000 of them", memory, "KiB")
    report("connect, upgrade, sign in", connects)


def disk(options, directory):
    command = ["taskset", "-c", "0", options.disk, "--dir", directory, "--secs", "2"]
    slow = {**os.environ, **slow_disk(options)}
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=slow)
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    single = next(row for row in rows if row.get("sync") == "FULL" and row.get("batch") == 1)
    page = next(row for row in rows if row.get("test") == "history_page_50")
    return single, page


def durable(options):
    many, alone = {64: [], 256: []}, []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            single, _ = disk(options, directory)
        for writers in many:
            def run(server, writers=writers):
                dialect = server.dialect(SAY_NAMED, '"client_id":"')
                return load(options, "durable", server, dialect, "-n", writers, "--secs", 5)
            own = with_server(options, run, users=writers)
            many[writers].append(own["acked_per_s"] / single["commits_per_s"])
        def one(server):
            return load(options, "durable", server, server.dialect(SAY_NAMED, '"client_id":"'), "-n", 1, "--secs", 5)
        own = with_server(options, one, users=1)
        alone.append(own["p50_us"] / single["commit_p50_us"])
    for writers, ratios in many.items():
        report(f"acknowledged messages/s, {writers} writers in one room", ratios, "x raw single-row commits/s")
    report("latency of an acknowledgement, one writer, p50", alone, "x one raw commit")


def requests(server, path, token=None, connections=16):
    """Requests a second, and the server's CPU for each in microseconds, over connections that are kept open."""
    ticks = os.sysconf("SC_CLK_TCK")

    def cpu():
        fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    command = ["wrk", "-t", 1, "-c", connections, "-d", "3s", server.address + path]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    before = cpu()
    said = pinned(1, command).communicate()[0]
    spent = cpu() - before
    count = int(next(line.split()[0] for line in said.splitlines() if " requests in " in line))
    if "Non-2xx" in said:
        sys.exit(f"not clean: {said}")
    print(f"{path}: {count / 3:.0f}/s, {spent / count * 1e6:.1f} us", flush=True)
    return count / 3, spent / count * 1e6


class Hello:
    """The least that an HTTP server on hyper does."""

    def __init__(self, program):
        self.process = pinned(0, [program])
        self.address = self.process.stdout.readline().split()[-1]
        self.pid = self.process.pid

    def stop(self):
        self.process.kill()
        self.process.wait()


def healthz(options):
    ratios = []
    for _ in range(options.rounds):
        with running(Hello(options.hello)) as hello:
            bare, _ = requests(hello, "/")
        own, _ = with_server(options, lambda s: requests(s, "/healthz"), users=0)
        ratios.append(own / bare)
    report("/healthz, one processor", ratios, "x a bare hyper server")


def pages(options):
    """A page of 50 messages beside SQLite's own work for one."""
    ratios = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            raw = disk(options, directory)[1]["cpu_us_per_query"]

        def read(server):
            load(options, "durable", server, server.dialect(SAY_NAMED, '"client_id":"'), "-n", USERS, "--secs", 3)
            return requests(server, "/api/messages?limit=50", server.tokens[0])

        _, own = with_server(options, read)
        ratios.append(own / raw)
    report("GET /api/messages, 50 on a page, CPU", ratios, "x raw SQLite")


def stalled(options):
    """Latency with a hundred readers who have stalled, beside the same without them."""
    flags = ("-n", 200, "--secs", 10, "--rate", 100, "--size", 1024)
    ratios = []
    for _ in range(options.rounds):
        quiet = with_server(options, lambda s: load(options, "fanout", s, s.dialect(), *flags))

        def beside(server):
            stuck = [stall(server) for _ in range(100)]
            found = load(options, "fanout", server, server.dialect(), *flags)
            for socket in stuck:
                socket.close()
            return found

        ratios.append(with_server(options, beside)["p99_us"] / quiet["p99_us"])
    report("send to receipt beside 100 stalled readers, p99", ratios, "x quiet")


def stall(server):
    """A socket that signs in and reads nothing."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", int(server.port)))
    head = f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    opened.sendall((head + key).encode())
    if b" 101 " not in opened.recv(1024):
        sys.exit("no socket")
    text = AUTH.replace("{token}", server.tokens[0]).encode()
    # Masked with zeros, which leave the text as it is.
    opened.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
    return opened


def main():
    parser = argparse.ArgumentParser()
    for name in ("server", "load", "floor", "disk", "hello"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--secs", type=int, default=3)
    parser.add_argument("--sync-delay", type=int, default=0, help="microseconds that every sync of the disk takes longer")
    parser.add_argument("--directory", help="where the data directories are made")
    parser.add_argument("what", nargs="*")
    options = parser.parse_args()
    known = {
        "fanout": fanout, "latency": latency, "stalled": stalled, "idle": idle, "durable": durable, "pages": pages,
        "healthz": healthz,
    }
    for name in options.what or known:
        known[name](options)


if __name__ == "__main__":
    main()
