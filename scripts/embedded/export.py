"""Write the trained weights in the folder layout that ``funasr.AutoModel`` loads by path."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from scripts.embedded import detector, listener, recogniser
from scripts.embedded.features import MELS, write_cmvn
from scripts.embedded.voices import SAMPLE_RATE

BPE = "chn_jpn_yue_eng_ko_spectok.bpe.model"
FRONTEND = {
    "fs": SAMPLE_RATE,
    "window": "hamming",
    "n_mels": MELS,
    "frame_length": 25,
    "frame_shift": 10,
}


def export_recogniser(work: Path, folder: Path) -> None:
    """Write ``sensevoice-tiny``; the weights are kept in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = torch.load(work / "recogniser.pt", weights_only=True)
    torch.save({name: value.half() for name, value in weights.items()}, folder / "model.pt")
    write_cmvn(np.load(work / "cmvn.npy"), recogniser.LFR_WINDOW, folder / "am.mvn")
    shutil.copyfile(work / "bpe.model", folder / BPE)
    lfr = {
        "lfr_m": recogniser.LFR_WINDOW,
        "lfr_n": recogniser.LFR_HOP,
        "dither": 0.0,
        "cmvn_file": None,
    }
    _write_config(
        folder,
        {
            "model": "SenseVoiceSmall",
            "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
            "encoder": "SenseVoiceEncoderSmall",
            "encoder_conf": dict(recogniser.ENCODER),
            "frontend": "WavFrontend",
            "frontend_conf": {**FRONTEND, **lfr},
            "tokenizer": "SentencepiecesTokenizer",
            "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        },
    )
    _write_configuration(
        folder,
        "auto-speech-recognition",
        {"tokenizer_conf": {"bpemodel": BPE}, "frontend_conf": {"cmvn_file": "am.mvn"}},
    )


def export_detector(work: Path, folder: Path) -> None:
    """Write ``fsmn-vad-tiny``."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = torch.load(work / "detector.pt", weights_only=True)
    torch.save(
        {f"encoder.{name}": value.half() for name, value in weights.items()}, folder / "model.pt"
    )
    write_cmvn(np.load(work / "detector_cmvn.npy"), detector.LFR_WINDOW, folder / "am.mvn")
    lfr = {
        "lfr_m": detector.LFR_WINDOW,
        "lfr_n": detector.LFR_HOP,
        "dither": 0.0,
        "cmvn_file": None,
    }
    _write_config(
        folder,
        {
            "model": "FsmnVADStreaming",
            "model_conf": dict(detector.DECISIONS),
            "encoder": "FSMN",
            "encoder_conf": dict(detector.ENCODER),
            "frontend": "WavFrontendOnline",
            "frontend_conf": {**FRONTEND, **lfr},
        },
    )
    _write_configuration(
        folder, "voice-activity-detection", {"frontend_conf": {"cmvn_file": "am.mvn"}}
    )


def export_listener(work: Path, folder: Path) -> None:
    """Write ``emotion2vec-tiny``."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = torch.load(work / "listener.pt", weights_only=True)
    torch.save({name: value.half() for name, value in weights.items()}, folder / "model.pt")
    (folder / "tokens.txt").write_text("\n".join(listener.TOKENS) + "\n", encoding="utf-8")
    _write_config(
        folder,
        {
            "model": "Emotion2vec",
            "model_conf": listener.MODEL_CONF,
            "tokenizer": "CharTokenizer",
            "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        },
    )
    _write_configuration(
        folder, "emotion-recognition", {"tokenizer_conf": {"token_list": "tokens.txt"}}
    )


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
