"""WebSockets / and /funasr: the protocol of funasr's runtime, at the addresses its clients know.

    → {"mode": "2pass", "wav_name": "demo", "wav_format": "pcm", "audio_fs": 16000,
       "itn": true, "hotwords": "", "is_speaking": true}
    → samples, 16-bit little-endian mono, binary
    ← {"mode": "2pass-online", "text": "…", "wav_name": "demo", "is_final": false}
    ← {"mode": "2pass-offline", "text": "…", "timestamp": "[[ms, ms], …]", …}
    → {"is_speaking": false}
    ← {…, "is_final": true}

A connection may have many recordings, one after the other.
"""

import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.requests import ClientDisconnect

from richspeech.api.funasr.connection import Connection
from richspeech.api.surface import Surface
from richspeech.service import Service
from richspeech.storage.quota import Quota

log = logging.getLogger(__name__)

PATHS = ("/", "/funasr")


def funasr(service: Service, quota: Quota) -> Surface:
    """Make the routes; ``quota`` bounds what lies on the disk until it is heard."""
    router = APIRouter()

    async def converse(websocket: WebSocket) -> None:
        try:
            await Connection(websocket, service, quota).run()
        except (WebSocketDisconnect, ClientDisconnect):
            log.info("a connection of funasr's protocol was lost")

    for path in PATHS:
        router.add_api_websocket_route(path, converse)
    return Surface(router)
