"""WebSocket /v1/realtime: OpenAI's realtime protocol for transcription, on live recognition.

    ← session.created
    → session.update {"session": {"type": "transcription", "audio": {"input": {…}}}}
    ← session.updated
    → input_audio_buffer.append {"audio": base64}, commit, clear
    ← what ``items.py`` tells, and ``error`` for what could not be done

Nothing of it is kept. Source: openai-python 3.57, types/realtime; all else in docs/api.md.
"""

import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.requests import ClientDisconnect

from richspeech.api.openai.errors import answer_to, locale_of
from richspeech.api.realtime.connection import Connection
from richspeech.api.realtime.session import Sessions
from richspeech.api.surface import Surface
from richspeech.errors import RichSpeechError
from richspeech.service import Service

log = logging.getLogger(__name__)

PATH = "/v1/realtime"


def realtime(service: Service) -> Surface:
    """Make the route."""
    router = APIRouter()
    sessions = Sessions(service.transcribers, service.defaults, service.settings.limits.max_seconds)

    @router.websocket(PATH)
    async def converse(websocket: WebSocket) -> None:
        try:
            connection = Connection(
                websocket, service.talks, sessions, service.settings.live.idle_seconds
            )
        except RichSpeechError as error:
            await websocket.send_denial_response(answer_to(error, locale_of(websocket)))
            return
        try:
            await connection.run()
        except (WebSocketDisconnect, ClientDisconnect):
            log.info("a realtime connection was lost")

    return Surface(router)
