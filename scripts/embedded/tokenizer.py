"""The SentencePiece model: the real tag spellings, one piece per character, one per English word.

Sub-word pieces garble English under greedy CTC, and a shared space piece strays into Chinese; so
English words and the first syllables of Korean words carry their own space. Every digit is a piece.
"""

import importlib
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from numpy.typing import NDArray

from scripts.embedded.corpus import PUNCTUATION, SPACED
from scripts.embedded.sounds import EVENTS
from scripts.embedded.voices import EMOTIONS

LANGUAGE_TAGS = ("zh", "en", "yue", "ja", "ko", "nospeech")
TAGS = (*LANGUAGE_TAGS, *EMOTIONS, "EMO_UNKNOWN", "Speech", *EVENTS, "withitn", "woitn")
SPACE = "▁"
FILE = "chn_jpn_yue_eng_ko_spectok.bpe.model"
"""What the model is called beside published weights."""
_DIGIT_OR_REST = re.compile(r"\d|[^\d]+")


def tag(name: str) -> str:
    """Spell a tag as SenseVoice does."""
    return f"<|{name}|>"


def split_pieces(text: str, language: str) -> list[str]:
    """Cut ``text`` into the pieces that the recogniser is to emit."""
    if language not in SPACED:
        return list(text)
    pieces: list[str] = []
    for word in text.split():
        body = word.rstrip(PUNCTUATION)
        if any(c.isdigit() for c in body):
            first, *rest = _DIGIT_OR_REST.findall(body)
            pieces += [SPACE + first, *rest]
        elif body and language == "en":
            pieces.append(SPACE + body)
        elif body:
            pieces += [SPACE + body[0], *body[1:]]
        pieces += list(word[len(body) :])
    return pieces


def weight(piece: str) -> float:
    """Say roughly how long a piece takes to say, in syllables."""
    body = piece.removeprefix(SPACE)
    if not body or body in PUNCTUATION:
        return 0.3
    if body[0].isascii() and body[0].isalpha():
        return max(len(body) / 2.5, 0.8)
    is_kana = "\u3040" <= body[0] <= "\u30ff"
    return 0.8 if is_kana else 1.0


def edges(pieces: list[str], syllables: float) -> NDArray[np.float64]:
    """Say where each piece begins and ends, [N, 2], of a sentence that takes from 0 to 1.

    All ``syllables`` are equally long. The digits of a number share the time that the other pieces
    leave, and stand anywhere in it: 100 is said in two syllables, 347 in six.
    """
    if not pieces:
        return np.zeros((0, 2))
    digits = [piece.removeprefix(SPACE).isdigit() for piece in pieces]
    others = sum(weight(p) for p, digit in zip(pieces, digits, strict=True) if not digit)
    each = max(syllables - others, 0.5) / max(sum(digits), 1)
    weights = [each if digit else weight(p) for p, digit in zip(pieces, digits, strict=True)]
    ends = np.cumsum(weights) / max(sum(weights), 1e-6)
    found = np.stack([np.concatenate([[0.0], ends[:-1]]), ends], axis=1)
    for is_digit, run in groupby(range(len(pieces)), digits.__getitem__):
        if is_digit:
            first, *_, last = [*run] * 2
            found[first : last + 1] = found[first, 0], found[last, 1]
    return found


def write_model(pieces: Iterable[str], path: Path) -> None:
    """Write a unigram model whose pieces are fixed beforehand; id 0 is unk and the CTC blank."""
    # The classes of this module are made when it is imported, so no type checker sees them.
    schema: Any = importlib.import_module("sentencepiece.sentencepiece_model_pb2")
    model = schema.ModelProto()
    kinds = schema.ModelProto.SentencePiece
    for piece, kind in (("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)):
        model.pieces.add(piece=piece, score=0.0, type=kind)
    for name in TAGS:
        model.pieces.add(piece=tag(name), score=0.0, type=kinds.USER_DEFINED)
    for piece in sorted({SPACE, *pieces}):
        model.pieces.add(piece=piece, score=-1.0 - 1.0 / len(piece), type=kinds.NORMAL)
    model.trainer_spec.model_type = schema.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.unk_id, model.trainer_spec.bos_id, model.trainer_spec.eos_id = 0, 1, 2
    model.trainer_spec.pad_id = -1
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.escape_whitespaces = True
    model.normalizer_spec.remove_extra_whitespaces = True
    path.write_bytes(model.SerializeToString())


def load(path: Path) -> sentencepiece.SentencePieceProcessor:
    """Load the model written by ``write_model``."""
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def encode(processor: sentencepiece.SentencePieceProcessor, text: str, language: str) -> list[int]:
    """Return the ids of ``text``; raises ``KeyError`` for a piece that the model lacks."""
    ids = [processor.piece_to_id(piece) for piece in split_pieces(text, language)]
    if 0 in ids:
        missing = [p for p in split_pieces(text, language) if processor.piece_to_id(p) == 0]
        raise KeyError(missing)
    return ids
