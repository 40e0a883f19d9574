#!/usr/bin/env bash
# uvicorn: a WebSocket that is refused with a proper HTTP answer still counts as a fault of the program.
#
# Expected: an application may refuse a handshake with the messages websocket.http.response.*, as ASGI
# allows; the client gets the status and the body, and the log nothing of note.
# What happens (uvicorn 0.54.0, websockets 17.4): the client gets them, and uvicorn.error a line of
# level ERROR: "ASGI callable returned without completing handshake."
# Source: run_asgi in uvicorn/protocols/websockets/websockets_sansio_impl.py asks whether the handshake is
# complete, which a refusal never makes it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 websockets==17.4
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import logging
from importlib.metadata import version

import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

lines = []


class Kept(logging.Handler):
    def emit(self, record):
        lines.append((record.levelname, record.getMessage()))


async def app(scope, receive, send):
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"log in first"})


async def main():
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="websockets-sansio")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    answer = None
    try:
        async with connect(f"ws://127.0.0.1:{port}/"):
            pass
    except InvalidStatus as error:
        answer = error.response
    server.should_exit = True
    await serving
    return answer


logging.getLogger("uvicorn.error").addHandler(Kept())
answer = asyncio.run(main())
errors = [message for level, message in lines if level == "ERROR"]
print("uvicorn", version("uvicorn"), "websockets", version("websockets"))
print("the client got", answer.status_code, bytes(answer.body))
print("the log got", errors)
assert (answer.status_code, bytes(answer.body)) == (401, b"log in first")
assert errors == ["ASGI callable returned without completing handshake."], errors
PYTHON
