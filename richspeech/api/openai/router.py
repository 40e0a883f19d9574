"""OpenAI's REST protocol, as the application takes it."""

from fastapi import APIRouter

from richspeech.api.openai.models import models_router
from richspeech.api.surface import Surface
from richspeech.service import Service


def openai(service: Service) -> Surface:
    """Return its routes."""
    router = APIRouter()
    router.include_router(models_router(service.transcribers))
    return Surface(router)
