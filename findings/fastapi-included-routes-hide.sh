#!/usr/bin/env bash
# FastAPI: the routes of an application no longer list those of its routers, nor does the route of a
# request know its prefix.
#
# Expected: after include_router, app.routes holds one route for each of the router's, with the whole
# path, as ever; what walks it (a check that all ask for a login, say) sees everything, and
# scope["route"].path names what answered, for metrics.
# What happens (fastapi 0.165.0): app.routes holds one object for the router, whose path is None. A walk
# has to go on into original_router, and knows the prefix from include_context alone. In a request
# scope["route"].path lacks the prefix; scope["fastapi"]["effective_route_context"].path_format is whole.
# Source: fastapi/routing.py, _IncludedRouter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check fastapi==0.165.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request

router, seen = APIRouter(), {}


@router.get("/models")
def models(request: Request):
    seen["route"] = request.scope["route"].path
    seen["whole"] = request.scope["fastapi"]["effective_route_context"].path_format


app = FastAPI(openapi_url=None)
app.include_router(router, prefix="/v1")
paths = [getattr(each, "path", None) for each in app.routes]


async def ask():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        seen.setdefault("status", message.get("status"))

    where = {"path": "/v1/models", "raw_path": b"/v1/models", "root_path": "", "query_string": b""}
    who = {"headers": [], "client": None, "server": ("127.0.0.1", 80), "scheme": "http"}
    await app({"type": "http", "http_version": "1.1", "method": "GET"} | where | who, receive, send)


asyncio.run(ask())
print("fastapi", version("fastapi"))
print("paths of app.routes:", paths)
print("a request:", seen)
assert "/v1/models" not in paths, paths
assert seen["status"] == 200, seen
assert seen["route"] == "/models", seen
assert seen["whole"] == "/v1/models", seen
PYTHON
