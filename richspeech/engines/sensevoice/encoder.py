"""Prompts and features through the SANM encoder to CTC scores."""

from typing import Any

import torch
from torch import Tensor

PROMPT_FRAMES = 4
"""Language, emotion, event and ITN are answered at the first four frames, in this order."""
EVENT_AND_EMOTION_QUERIES = (1, 2)
"""Rows of the prompt embedding, as ``SenseVoiceSmall.inference`` uses them."""


def score(
    model: Any, features: Tensor, lengths: Tensor, language: str | None, *, itn: bool
) -> Tensor:
    """Return CTC log-probabilities [B, 4 + T, V] of padded features [B, T, 560].

    ``language`` None lets the model detect it. Frames beyond ``lengths[b] + 4`` mean nothing.
    """
    device = next(model.parameters()).device
    rows = [
        model.lid_dict["auto" if language is None else language],
        *EVENT_AND_EMOTION_QUERIES,
        model.textnorm_dict["withitn" if itn else "woitn"],
    ]
    prompts = model.embed(torch.tensor([rows], device=device)).expand(len(features), -1, -1)
    inputs = torch.cat([prompts, features.to(device)], dim=1)
    encoded, _ = model.encoder(inputs, lengths.to(device) + PROMPT_FRAMES)
    scores: Tensor = model.ctc.log_softmax(encoded)
    return scores
