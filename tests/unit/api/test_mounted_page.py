"""The page as it is mounted: gradio's own guards are on, and examples are nobody's copies."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from gradio import component_meta, processing_utils, utils
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError

from richspeech.app import gradio_without_stubs
from richspeech.console import mount
from richspeech.console.layout import EXAMPLES
from richspeech.service import build
from richspeech.settings import Settings


@pytest.fixture(scope="module")
def blocks() -> Any:
    app = FastAPI()
    mount(app, build(Settings()), "1")
    mounted: Any = app.routes[-1]
    return mounted.app.get_blocks()


def test_an_input_must_be_an_upload_for_gradio_as_well(blocks: gr.Blocks, tmp_path: Path) -> None:
    private = tmp_path / "private.txt"
    private.write_text("private")
    token = LocalContext.blocks.set(blocks)
    try:
        with pytest.raises(InvalidPathError, match="not uploaded by a user"):
            processing_utils._check_allowed(str(private), check_in_upload_folder=True)
    finally:
        LocalContext.blocks.reset(token)


def test_an_example_is_shown_from_where_it_is(blocks: gr.Blocks) -> None:
    data = {"path": str(EXAMPLES / "zh-call.wav"), "meta": {"_type": "gradio.FileData"}}
    shown = processing_utils.move_files_to_cache(data, gr.File(), postprocess=True)
    assert shown["path"] == data["path"]
    assert utils.is_static_file(str(EXAMPLES / "zh-call.wav"))


def test_no_stub_is_written_while_gradio_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        message = "the source of a class was read for its stub"
        raise AssertionError(message)

    monkeypatch.setattr(component_meta, "extract_class_source_code", read)
    with gradio_without_stubs():
        component_meta.create_or_modify_pyi(gr.Textbox, "Textbox", [])
    with pytest.raises(AssertionError):
        component_meta.create_or_modify_pyi(gr.Textbox, "Textbox", [])
