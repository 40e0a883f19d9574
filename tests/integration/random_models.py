"""Small models with random weights, in folders as funasr's hub has them."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from richspeech.engines.common import funasr_import
from richspeech.engines.hub import EMBEDDED_RECOGNISER

CHARACTERS = "今天天气很好我们去公园吧你吃饭了吗阿里巴巴达摩院老师学生问题答案"
LETTERS = ("a", "p", "hello", "world")
VOCABULARY = ["<blank>", "<s>", "</s>", *dict.fromkeys(CHARACTERS), *LETTERS, "<unk>"]
WIDTH = 32
ENCODER = {
    "output_size": WIDTH,
    "attention_heads": 2,
    "linear_units": 64,
    "num_blocks": 2,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "input_layer": "pe",
    "pos_enc_class": "SinusoidalPositionEncoder",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}
DECODER = {
    "attention_heads": 2,
    "linear_units": 64,
    "num_blocks": 2,
    "att_layer_num": 2,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "self_attention_dropout_rate": 0.0,
    "src_attention_dropout_rate": 0.0,
    "kernel_size": 11,
    "sanm_shfit": 0,
}
PREDICTOR = {"idim": WIDTH, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45}
UPSAMPLING = {
    "smooth_factor2": 0.25,
    "noise_threshold2": 0.01,
    "upsample_times": 3,
    "use_cif1_cnn": False,
    "upsample_type": "cnn_blstm",
}
FRONTEND = {
    "fs": 16_000,
    "window": "hamming",
    "n_mels": 80,
    "frame_length": 25,
    "frame_shift": 10,
    "lfr_m": 7,
    "lfr_n": 6,
    "dither": 0.0,
    "cmvn_file": None,
}
HOTWORDS: dict[str, Any] = {
    "inner_dim": WIDTH,
    "bias_encoder_type": "lstm",
    "bias_encoder_bid": False,
    "seaco_decoder": "ParaformerSANMDecoder",
    "seaco_decoder_conf": DECODER
    | {"num_blocks": 6, "att_layer_num": 6, "use_output_layer": False, "wo_input_layer": True},
    "NO_BIAS": 3,
}
PUNCTUATION = ("<unk>", "_", "，", "。", "？", "、")


def paraformer(folder: Path, kind: str = "Paraformer", seed: int = 1) -> Path:
    """Write one of the class ``kind``, which says something else for every sound."""
    second = {} if kind == "Paraformer" else UPSAMPLING
    model = {
        "ctc_weight": 0.0,
        "length_normalized_loss": True,
        "predictor_weight": 1.0,
        "predictor_bias": 1,
        "sampling_ratio": 0.75,
    }
    config = {
        "model": kind,
        "model_conf": model | (HOTWORDS if kind == "SeacoParaformer" else {}),
        "encoder": "SANMEncoder",
        "encoder_conf": ENCODER,
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": DECODER,
        "predictor": "CifPredictorV3" if second else "CifPredictorV2",
        "predictor_conf": PREDICTOR | second,
        "frontend": "WavFrontend",
        "frontend_conf": FRONTEND,
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }
    metas = {
        "tokenizer_conf": {"token_list": "tokens.json", "seg_dict_file": "seg_dict"},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    }
    parts = {key: value for key, value in config.items() if not key.startswith(("front", "token"))}
    parts |= parts.pop("model_conf")  # type: ignore[arg-type]
    cls = funasr_import.model_class(str(parts.pop("model")))
    torch.manual_seed(seed)
    weights = cls(input_size=560, vocab_size=len(VOCABULARY), **parts).state_dict()
    for name in [
        name for name, weight in weights.items() if "decoder" in name and weight.dim() > 1
    ]:
        weights[name] *= 4.0  # so that what is heard matters
    weights["predictor.cif_output.weight"] *= 6.0
    _write(folder, config, metas, weights, VOCABULARY)
    spelling = [f"{token} {token}" for token in VOCABULARY[3:-1]]
    (folder / "seg_dict").write_text("\n".join(spelling), encoding="utf-8")
    shutil.copy(EMBEDDED_RECOGNISER / "am.mvn", folder)
    return folder


def ct_punc(folder: Path, names: Sequence[str] = PUNCTUATION, seed: int = 2) -> Path:
    """Write one that puts marks here and there."""
    config = {
        "model": "CTTransformer",
        "model_conf": {
            "ignore_id": 0,
            "embed_unit": WIDTH,
            "att_unit": WIDTH,
            "dropout_rate": 0.0,
            "punc_list": [*names],
            "punc_weight": [1.0] * len(names),
            "sentence_end_id": 3,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": {**ENCODER, "input_size": WIDTH},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
    }
    metas = {"tokenizer_conf": {"token_list": "tokens.json"}}
    torch.manual_seed(seed)
    cls = funasr_import.model_class("CTTransformer")
    conf: dict[str, Any] = config["model_conf"]  # type: ignore[assignment]
    encoder: Any = config["encoder_conf"]
    model = cls(encoder="SANMEncoder", encoder_conf=encoder, vocab_size=len(VOCABULARY), **conf)
    weights = model.state_dict()
    weights["decoder.bias"][:2] = torch.tensor([-100.0, 0.3])  # never <unk>, and often no mark
    _write(folder, config, metas, weights, VOCABULARY)
    return folder


def _write(
    folder: Path,
    config: Mapping[str, object],
    metas: Mapping[str, object],
    weights: Mapping[str, torch.Tensor],
    vocabulary: Sequence[str],
) -> None:
    folder.mkdir(parents=True)
    paths = {"init_param": "model.pt", "config": "config.yaml", **metas}
    about = {"model": {"type": "funasr"}, "framework": "pytorch", "file_path_metas": paths}
    (folder / "configuration.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    (folder / "tokens.json").write_text(json.dumps([*vocabulary]), encoding="utf-8")
    torch.save(weights, folder / "model.pt")
