"""All that the console imports until it answers; the fork server does so once for many consoles."""

import uvicorn  # noqa: F401

from richspeech.app import gradio_without_stubs

with gradio_without_stubs():
    import richspeech.console

import richspeech.api.live
import richspeech.api.login
import richspeech.api.operations
import richspeech.api.root_page
import richspeech.api.server
import richspeech.api.surfaces
import richspeech.api.uploads
import richspeech.cli.serve
import richspeech.engines.sensevoice.engine
import richspeech.operations.logs
import richspeech.operations.metrics
import richspeech.service  # noqa: F401
from richspeech.engines.common.openvino_import import openvino

openvino()
