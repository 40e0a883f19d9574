"""Write the trained weights in the folder layout that ``funasr.AutoModel`` loads by path."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from scripts.embedded import (
    campplus,
    detector,
    emotion2vec,
    paraformer,
    punctuation,
    recogniser,
    tokenizer,
)
from scripts.embedded.features import MELS, write_cmvn
from scripts.embedded.voices import SAMPLE_RATE

TOKENS = "tokens.json"
FRONTEND = {
    "fs": SAMPLE_RATE,
    "window": "hamming",
    "n_mels": MELS,
    "frame_length": 25,
    "frame_shift": 10,
}


def export_recogniser(work: Path, folder: Path) -> None:
    """Write ``sensevoice-tiny``."""
    _write_weights(work / "recogniser.pt", folder)
    write_cmvn(np.load(work / "cmvn.npy"), recogniser.LFR_WINDOW, folder / "am.mvn")
    shutil.copyfile(work / "bpe.model", folder / tokenizer.FILE)
    _write_config(
        folder,
        {
            "model": "SenseVoiceSmall",
            "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
            "encoder": "SenseVoiceEncoderSmall",
            "encoder_conf": dict(recogniser.ENCODER),
            "frontend": "WavFrontend",
            "frontend_conf": _frontend(recogniser.LFR_WINDOW, recogniser.LFR_HOP),
            "tokenizer": "SentencepiecesTokenizer",
            "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        },
    )
    _write_configuration(
        folder,
        "auto-speech-recognition",
        {"tokenizer_conf": {"bpemodel": tokenizer.FILE}, "frontend_conf": {"cmvn_file": "am.mvn"}},
    )


def export_detector(work: Path, folder: Path) -> None:
    """Write ``fsmn-vad-tiny``."""
    _write_weights(work / "detector.pt", folder, prefix="encoder.")
    write_cmvn(np.load(work / "detector_cmvn.npy"), detector.LFR_WINDOW, folder / "am.mvn")
    _write_config(
        folder,
        {
            "model": "FsmnVADStreaming",
            "model_conf": dict(detector.DECISIONS),
            "encoder": "FSMN",
            "encoder_conf": dict(detector.ENCODER),
            "frontend": "WavFrontendOnline",
            "frontend_conf": _frontend(detector.LFR_WINDOW, detector.LFR_HOP),
        },
    )
    _write_configuration(
        folder, "voice-activity-detection", {"frontend_conf": {"cmvn_file": "am.mvn"}}
    )


def export_emotion2vec(work: Path, folder: Path) -> None:
    """Write ``emotion2vec-tiny``."""
    _write_weights(work / "emotion2vec.pt", folder)
    (folder / "tokens.txt").write_text("\n".join(emotion2vec.TOKENS) + "\n", encoding="utf-8")
    _write_config(
        folder,
        {
            "model": "Emotion2vec",
            "model_conf": emotion2vec.MODEL_CONF,
            "tokenizer": "CharTokenizer",
            "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        },
    )
    _write_configuration(
        folder, "emotion-recognition", {"tokenizer_conf": {"token_list": "tokens.txt"}}
    )


def export_paraformer(work: Path, folder: Path) -> None:
    """Write ``paraformer-tiny``."""
    _write_weights(work / "paraformer.pt", folder)
    write_cmvn(np.load(work / "cmvn.npy"), recogniser.LFR_WINDOW, folder / "am.mvn")
    _write_tokens(paraformer.tokens(), folder)
    _write_config(
        folder,
        {
            "model": "Paraformer",
            "model_conf": dict(paraformer.MODEL),
            **paraformer.PARTS,
            "frontend": "WavFrontend",
            "frontend_conf": _frontend(recogniser.LFR_WINDOW, recogniser.LFR_HOP),
            "tokenizer": "CharTokenizer",
            "tokenizer_conf": {"unk_symbol": paraformer.UNKNOWN, "split_with_space": True},
        },
    )
    _write_configuration(
        folder,
        "auto-speech-recognition",
        {"tokenizer_conf": {"token_list": TOKENS}, "frontend_conf": {"cmvn_file": "am.mvn"}},
    )


def export_punctuation(work: Path, folder: Path) -> None:
    """Write ``ct-punc-tiny``."""
    _write_weights(work / "punctuation.pt", folder)
    _write_tokens(punctuation.tokens(), folder)
    _write_config(
        folder,
        {
            "model": "CTTransformer",
            "model_conf": dict(punctuation.MODEL),
            **punctuation.PARTS,
            "tokenizer": "CharTokenizer",
            "tokenizer_conf": {"unk_symbol": punctuation.UNKNOWN, "split_with_space": True},
        },
    )
    _write_configuration(folder, "punctuation", {"tokenizer_conf": {"token_list": TOKENS}})


def export_campplus(work: Path, folder: Path) -> None:
    """Write ``campplus-tiny``."""
    _write_weights(work / "campplus.pt", folder)
    content = {"model": "CAMPPlus", "model_conf": dict(campplus.MODEL)}
    _write_config(folder, {**content, "frontend": "WavFrontend", "frontend_conf": _frontend(1, 1)})
    _write_configuration(folder, "speaker-verification", {})


def _frontend(window: int, hop: int) -> dict[str, Any]:
    return {**FRONTEND, "lfr_m": window, "lfr_n": hop, "dither": 0.0, "cmvn_file": None}


def _write_weights(trained: Path, folder: Path, prefix: str = "") -> None:
    """Keep the weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = torch.load(trained, weights_only=True)
    halved = {f"{prefix}{name}": value.half() for name, value in weights.items()}
    torch.save(halved, folder / "model.pt")


def _write_tokens(tokens: list[str], folder: Path) -> None:
    text = json.dumps(tokens, ensure_ascii=False, indent=0)
    (folder / TOKENS).write_text(text + "\n", encoding="utf-8")


def _write_config(folder: Path, content: dict[str, Any]) -> None:
    (folder / "config.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _write_configuration(folder: Path, task: str, files: dict[str, Any]) -> None:
    paths = {"init_param": "model.pt", "config": "config.yaml", **files}
    content = {
        "framework": "pytorch",
        "task": task,
        "model": {"type": "funasr"},
        "file_path_metas": paths,
    }
    (folder / "configuration.json").write_text(
        json.dumps(content, indent=2) + "\n", encoding="utf-8"
    )
