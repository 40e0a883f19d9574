"""Every protocol of the API: one line each."""

from richspeech.api.funasr.router import funasr
from richspeech.api.openai.router import openai
from richspeech.api.realtime.router import realtime
from richspeech.api.sensevoice import sensevoice
from richspeech.api.share import share
from richspeech.api.surface import Surface
from richspeech.service import Service
from richspeech.storage.quota import Quota


def surfaces(service: Service, quota: Quota) -> tuple[Surface, ...]:
    """Return all of them; ``quota`` bounds what is uploaded."""
    return (
        openai(service, quota),
        realtime(service),
        sensevoice(service, quota),
        funasr(service, quota),
        share(service),
    )
