#!/usr/bin/env bash
# budoux: its model of simplified Chinese breaks lines within common words.
#
# Expected: a library that says where a line may break keeps common words whole.
# What happens (budoux 0.10.1): "sorry" alone becomes three lines, and "speech recognition model" is parted within both words.
# Whoever sets subtitles with it has to ask a segmenter of words, too, and break where both agree.
# Source: models/zh-hans.json of the package, by load_default_simplified_chinese_parser.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check budoux==0.10.1
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import budoux

parser = budoux.load_default_simplified_chinese_parser()
found = {text: "|".join(parser.parse(text)) for text in ("对不起", "语音识别模型")}
print("budoux", version("budoux"), *found.values())
assert found["对不起"].startswith("对|")
assert found["语音识别模型"].startswith("语|音识|别")
PYTHON
