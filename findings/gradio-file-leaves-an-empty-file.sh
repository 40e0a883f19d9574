#!/usr/bin/env bash
# Gradio: each time a handler gets a file, an empty one is left behind in the folder of uploads.
#
# Expected: a gr.File of type "filepath" hands over the path of what was uploaded and makes no file.
# What happens (gradio 6.31.0): preprocess makes a NamedTemporaryFile with delete=False in GRADIO_TEMP_DIR
# for the name alone, and never writes or removes it. Whoever bounds that folder by files, or expects to
# find it empty after the uploads are gone, meets one of 0 bytes for each event.
# Source: File._process_single_file in gradio/components/file.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0
mkdir "$folder/uploads"
GRADIO_ANALYTICS_ENABLED=False GRADIO_TEMP_DIR=$folder/uploads "$folder/venv/bin/python" - <<'PYTHON'
import os
from importlib.metadata import version
from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData

uploads = Path(os.environ["GRADIO_TEMP_DIR"])
sent = uploads / "call.wav"
sent.write_bytes(b"sound")
component = gr.File(type="filepath")
got = [component.preprocess(FileData(path=str(sent))) for _ in range(3)]
left = [each.stat().st_size for each in uploads.rglob("*") if each.is_file() and each != sent]
print("gradio", version("gradio"))
print("the handler got", {Path(each).name for each in got})
print("left behind, bytes:", left)
assert {str(each) for each in got} == {str(sent)}, got
assert left == [0, 0, 0], left
PYTHON
