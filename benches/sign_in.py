#!/usr/bin/env python3
"""Signing in: whether the time of a refusal tells anything, and what a crowd that signs in costs those who talk.

    python3 benches/sign_in.py --server target/dist/secure-chat [--rounds 400] [time] [crowd]

`time` tries a wrong password for a name that exists, for one that does not, and for one that is banned, ROUNDS times each
and in shuffled order, and prints quartiles and, for every pair, the chance that one of the first takes longer than one of
the second (the area under the ROC curve): 0.5 is not to be told apart. `crowd` has 200 people sign in at once while two
others talk, and prints how long a message takes to arrive, quiet and meanwhile, and the server's peak memory.
"""

import argparse
import asyncio
import base64
import concurrent.futures
import http.client
import itertools
import json
import os
import pathlib
import random
import statistics
import struct
import subprocess
import tempfile
import time

PASSWORD = "correct horse battery"
SETTINGS = {
    "RATE_LIMIT_MESSAGES": "100000000",
    "RATE_LIMIT_REGISTRATIONS": "100000",
    "SIGN_IN_FREE_FAILURES": "1000",
    # Every attempt comes from somewhere else.
    "TRUSTED_PROXIES": "127.0.0.1",
    "LOG": "error",
}


class Server:
    """The server on a directory of its own."""

    def __init__(self, program, directory):
        self.command = [program, "--data-dir", directory]
        self.environment = {**SETTINGS, "PATH": os.environ["PATH"]}
        self.process = subprocess.Popen(
            [*self.command, "serve", "--port", "0"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.authority = line.split("//")[-1].strip()
                break

    def post(self, path, body, origin="127.0.0.1"):
        """The status, the answer, and the seconds that it took, over a connection of its own."""
        connection = http.client.HTTPConnection(self.authority, timeout=600)
        connection.connect()
        headers = {"content-type": "application/json", "x-forwarded-for": origin}
        begun = time.perf_counter()
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        took = time.perf_counter() - begun
        connection.close()
        return answer.status, json.loads(said), took

    def register(self, name):
        body = {"username": name, "password": PASSWORD, "confirm_password": PASSWORD, "session": "bearer"}
        status, said, _ = self.post("/register", body)
        assert status == 201, said
        return said["token"]

    def ban(self, name):
        command = [*self.command, "user", "ban", name]
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def memory(self, field):
        """In MiB: VmRSS or VmHWM."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def somewhere(number):
    return f"203.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def longer(one, other):
    """The chance that one of the first is longer than one of the second; ties count half."""
    pairs = itertools.product(one, other)
    return sum((a > b) + (a == b) / 2 for a, b in pairs) / (len(one) * len(other))


def refusals(server, options):
    server.register("known")
    server.register("banned")
    server.ban("banned")
    attempts = ["known", "unknown", "banned"] * options.rounds
    random.shuffle(attempts)
    times = {name: [] for name in ("known", "unknown", "banned")}
    for number, name in enumerate(attempts):
        body = {"username": name, "password": "a wrong password", "session": "bearer"}
        status, said, took = server.post("/login", body, somewhere(number))
        assert status == 401, said
        times[name].append(took * 1000)
    for name, taken in times.items():
        low, middle, high = statistics.quantiles(taken, n=4)
        print(f"{name}: median {middle:.2f} ms, quartiles {low:.2f} and {high:.2f} ms, {len(taken)} times")
    for one, other in itertools.combinations(times, 2):
        print(f"{one} longer than {other}: {longer(times[one], times[other]):.3f}")


class Socket:
    """As much of a WebSocket as two people need to talk."""

    @classmethod
    async def open(cls, authority, token):
        self = cls()
        host, port = authority.split(":")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET /ws HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        assert b" 101 " in await self.reader.readuntil(b"\r\n\r\n")
        self.say({"type": "auth", "token": token})
        await self.hear("auth_ok")
        return self

    def say(self, frame):
        text = json.dumps(frame).encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
        # Masked with zeros, which leave the text as it is.
        self.writer.write(b"\x81" + length + bytes(4) + text)

    async def hear(self, kind):
        while True:
            first, length = await self.reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", await self.reader.readexactly(8))
            text = await self.reader.readexactly(length)
            if first == 0x81:
                frame = json.loads(text)
                if frame["type"] == kind:
                    return frame


async def talk(speaker, listener, is_over):
    """How long each message takes from one to the other, in milliseconds."""
    taken = []
    while not is_over(len(taken)):
        begun = time.perf_counter()
        speaker.say({"type": "message", "content": str(len(taken)), "message_type": "text"})
        await listener.hear("new_message")
        taken.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.005)
    return taken


async def sign_in(authority, name, number):
    host, port = authority.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({"username": name, "password": PASSWORD, "session": "bearer"})
    writer.write(
        f"POST /login HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"X-Forwarded-For: {somewhere(number)}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    said = await reader.read()
    writer.close()
    return int(said.split()[1])


def two_hundred(authority):
    """The statuses of 200 who sign in at once; in a process of its own, so that they wait for nothing but the server."""

    async def all_at_once():
        return await asyncio.gather(*(sign_in(authority, f"user_{number % 50}", number) for number in range(200)))

    return asyncio.run(all_at_once())


def told(what, taken):
    taken = sorted(taken)
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    print(f"{what}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {taken[-1]:.2f} ms, {len(taken)} messages")
    return p50, p99


async def crowd_of(server, tokens):
    speaker, listener = [await Socket.open(server.authority, token) for token in tokens]
    await talk(speaker, listener, lambda count: count >= 100)
    before = server.memory("VmRSS")
    quiet = told("quiet", await talk(speaker, listener, lambda count: count >= 600))
    with concurrent.futures.ProcessPoolExecutor(1) as elsewhere:
        # It is there before it is needed.
        elsewhere.submit(os.getpid).result()
        begun = time.perf_counter()
        crowd = elsewhere.submit(two_hundred, server.authority)
        busy = told("meanwhile", await talk(speaker, listener, lambda _: crowd.done()))
        statuses = crowd.result()
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"200 at once: {counts}, {time.perf_counter() - begun:.1f} s")
    print(f"meanwhile by quiet: p50 {busy[0] / quiet[0]:.2f} x, p99 {busy[1] / quiet[1]:.2f} x")
    print(f"memory: {before:.1f} MiB before, {server.memory('VmHWM'):.1f} MiB at most, {server.memory('VmRSS'):.1f} MiB after")


def crowd(server, _options):
    for number in range(50):
        server.register(f"user_{number}")
    asyncio.run(crowd_of(server, [server.register("speaker"), server.register("listener")]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("what", nargs="*")
    options = parser.parse_args()
    known = {"time": refusals, "crowd": crowd}
    for name in options.what or known:
        with tempfile.TemporaryDirectory() as directory:
            server = Server(options.server, directory)
            try:
                known[name](server, options)
            finally:
                server.stop()


if __name__ == "__main__":
    main()
