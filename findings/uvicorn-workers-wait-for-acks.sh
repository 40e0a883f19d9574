#!/usr/bin/env bash
# uvicorn: with --workers (or --reload) each answer on a kept connection takes 40 ms.
#
# Expected: more workers answer as fast as one, or faster.
# What happens (uvicorn 0.54.0, Linux, asyncio's own loop): a worker answers in 40 ms what the single
# process answers in less than 1. The head and the body of an answer are two writes. asyncio turns
# Nagle's algorithm off only on sockets whose protocol number says TCP; uvicorn makes the listener that
# its workers share as socket.socket(family), whose number is 0, and accepted connections take that
# over. So the body waits in the kernel until the client's delayed acknowledgement of the head. The
# same befalls a listener of socket.create_server() that is given to Server.run(sockets=...), where it
# more than doubled the time of a suite of 2,000 requests. With the number named, as getaddrinfo() tells
# it, or on uvloop, answers come at once.
# Source: asyncio.base_events._set_nodelay, Config.bind_socket in uvicorn/config.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip=("$folder/venv/bin/pip" install --quiet --disable-pip-version-check)
"${pip[@]}" uvicorn==0.54.0
cat > "$folder/tiny.py" <<'APP'
async def app(scope, receive, send):
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    await send(head)
    await send({"type": "http.response.body", "body": b"ok"})
APP
cat > "$folder/measure.py" <<'PYTHON'
import http.client
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from statistics import median

REQUESTS = 40
ONE = ["-m", "uvicorn", "tiny:app", "--lifespan", "off", "--log-level", "error", "--port"]
GIVEN = """
import socket, sys, uvicorn
import tiny
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, int(sys.argv[2]))
listener.bind(("127.0.0.1", int(sys.argv[1])))
config = uvicorn.Config(tiny.app, lifespan="off", log_level="error")
uvicorn.Server(config).run(sockets=[listener])
"""


def milliseconds(arguments, more=()):
    """Return the median of one request after the other on one connection."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, *arguments, str(port), *more])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        connection, found = http.client.HTTPConnection("127.0.0.1", port), []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
            found.append((time.perf_counter() - began) * 1_000)
        return median(found)
    finally:
        process.terminate()
        process.wait()


print("uvicorn", version("uvicorn"), *sys.argv[1:])
found = {
    "one process": milliseconds(ONE),
    "two workers": milliseconds(ONE, ["--workers", "2"]),
    "a listener of protocol 0": milliseconds(["-c", GIVEN], ["0"]),
    "a listener of protocol 6": milliseconds(["-c", GIVEN], ["6"]),
}
for name, value in found.items():
    print(f"  {name}: {value:.1f} ms")
slow = {name for name, value in found.items() if value > 30}
wanted = set() if "uvloop" in sys.argv else {"two workers", "a listener of protocol 0"}
assert slow == wanted, slow
PYTHON
cd "$folder"
venv/bin/python measure.py
"${pip[@]}" uvloop==0.22.1
venv/bin/python measure.py uvloop
