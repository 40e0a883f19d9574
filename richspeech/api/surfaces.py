"""Every protocol of the API: one line each."""

from richspeech.api.adapters import adapters
from richspeech.api.cascades import cascades
from richspeech.api.funasr.router import funasr
from richspeech.api.jobs.router import jobs
from richspeech.api.openai.router import openai
from richspeech.api.realtime.router import realtime
from richspeech.api.sensevoice import sensevoice
from richspeech.api.share import DrawLost, share
from richspeech.api.surface import Surface
from richspeech.api.transcripts import transcripts
from richspeech.api.voices import voices
from richspeech.service import Service
from richspeech.storage.quota import Quota


def surfaces(service: Service, quota: Quota, draw_lost: DrawLost) -> tuple[Surface, ...]:
    """Return all of them; ``quota`` bounds what is uploaded, ``draw_lost`` draws a lost link."""
    return (
        openai(service, quota),
        adapters(service),
        cascades(service),
        realtime(service),
        sensevoice(service, quota),
        funasr(service, quota),
        transcripts(service),
        voices(service),
        jobs(service, quota),
        share(service, draw_lost),
    )
