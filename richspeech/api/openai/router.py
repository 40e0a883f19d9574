"""OpenAI's REST protocol, as the application takes it."""

from fastapi import APIRouter

from richspeech.api.openai.models import models_router
from richspeech.api.openai.transcriptions import PATH, transcriptions_router
from richspeech.api.surface import Surface
from richspeech.service import Service
from richspeech.storage.quota import Quota


def openai(service: Service, quota: Quota) -> Surface:
    """Return its routes; ``quota`` bounds what is uploaded."""
    router = APIRouter()
    router.include_router(transcriptions_router(service, quota))
    router.include_router(models_router(service.transcribers))
    return Surface(router, frozenset({PATH}))
