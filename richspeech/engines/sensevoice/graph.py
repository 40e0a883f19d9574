"""The SANM encoder, its prompt scores and its best CTC path as one OpenVINO graph.

Built operation by operation rather than traced, for speed (figures in docs/performance.md):

* queries, keys and values are three products, since cutting one apart costs a copy;
* scale and shift of a normalisation are part of the linear that follows;
* the vocabulary is searched within the graph, so a batch returns kilobytes;
* the scores of the prompt frames are a product of their own, since a slice of all scores would
  change the layout of all.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from richspeech.engines.common.openvino_import import openvino
from richspeech.engines.sensevoice.encoder import SanmEncoder, SanmLayer
from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES

Node = Any
Array = NDArray[np.float32]
FAR = 1e9
"""Taken from the attention scores of frames that do not exist."""


def build(encoder: SanmEncoder, width: int, *, eight_bits: bool = False) -> Any:
    """Return the model: inputs [B, T, width] and 1.0 for every real frame, 0.0 for others, [B, T].

    It answers with prompt logits [B, 4, V], best tokens [B, T] and their probabilities [B, T].
    ``eight_bits`` stores the weights of linears in eight bits, a scale and a zero for each row.
    """
    return _Builder(eight_bits=eight_bits).model(encoder, width)


class _Linear:
    """Weights of a linear, [out, in] and [out], with the normalisation before it put in."""

    def __init__(self, linear: nn.Linear, norm: nn.LayerNorm | None = None) -> None:
        self.weight, self.bias = _array(linear.weight), _array(linear.bias)
        if norm is not None:
            self.bias = self.bias + self.weight @ _array(norm.bias)
            self.weight = self.weight * _array(norm.weight)


class _Builder:
    def __init__(self, *, eight_bits: bool) -> None:
        self.op = openvino().opset13
        self.eight_bits = eight_bits

    def model(self, encoder: SanmEncoder, width: int) -> Any:
        op, kind = self.op, openvino().Type.f32
        inputs = op.parameter([-1, -1, width], kind, name="inputs")
        frames = op.parameter([-1, -1], kind, name="real")
        real = op.unsqueeze(frames, self.integers(2))
        absent = op.subtract(frames, self.floats(1.0))
        mask = op.unsqueeze(op.multiply(absent, self.floats(FAR)), self.integers(1, 2))
        x = inputs
        for layer in encoder.lower:
            x = self.layer(x, layer, real, mask)
        x = self.norm(x, encoder.middle_norm)
        for layer in encoder.upper:
            x = self.layer(x, layer, real, mask)
        outputs = self.head(self.standardise(x, encoder.last_norm), encoder)
        return openvino().Model([op.result(y) for y in outputs], [inputs, frames], "sanm")

    def layer(self, x: Node, layer: SanmLayer, real: Node, mask: Node) -> Node:
        op = self.op
        attended = self.attend(self.standardise(x, layer.norm1), layer, real, mask)
        x = op.add(x, attended) if layer.residual else attended
        y = self.linear(self.standardise(x, layer.norm2), _Linear(layer.expand, layer.norm2))
        return op.add(x, self.linear(op.relu(y), _Linear(layer.contract)))

    def attend(self, x: Node, layer: SanmLayer, real: Node, mask: Node) -> Node:
        op = self.op
        joint = _Linear(layer.qkv, layer.norm1)
        size = len(joint.bias) // 3
        query, key, value = (
            self.linear(x, joint, slice(start, start + size)) for start in range(0, 3 * size, size)
        )
        heads = self.integers(0, 0, layer.heads, size // layer.heads)
        by_head = (
            op.transpose(op.reshape(each, heads, special_zero=True), self.integers(0, 2, 1, 3))
            for each in (query, key, value)
        )
        context = op.scaled_dot_product_attention(*by_head, mask)
        context = op.transpose(context, self.integers(0, 2, 1, 3))
        context = op.reshape(context, self.integers(0, 0, size), special_zero=True)
        return op.add(self.linear(context, _Linear(layer.out)), self.remember(value, layer, real))

    def remember(self, value: Node, layer: SanmLayer, real: Node) -> Node:
        """Add a depthwise convolution over the values to the values."""
        op = self.op
        taps = _array(layer.memory.weight)[:, None].copy()  # [D, 1, 1, taps]
        before, after = layer.pad
        taps[..., before] += 1.0
        over_time = op.transpose(op.multiply(value, real), self.integers(0, 2, 1))
        heard = op.group_convolution(over_time, self.floats(taps), [1], [before], [after], [1])
        return op.transpose(heard, self.integers(0, 2, 1))

    def head(self, x: Node, encoder: SanmEncoder) -> tuple[Node, Node, Node]:
        op, last = self.op, self.integers(2)
        vocabulary = _Linear(encoder.vocabulary, encoder.last_norm)
        bounds = (self.integers(0), self.integers(PROMPT_FRAMES), self.integers(1))
        prompts = self.linear(op.slice(x, *bounds, self.integers(1)), vocabulary)
        scores = self.linear(x, vocabulary)
        one = op.constant(np.int64(1))
        best = op.topk(scores, one, 2, "max", "none", index_element_type="i32")
        others = op.reduce_sum(op.exp(op.subtract(scores, best.output(0))), last, keep_dims=True)
        probabilities = op.divide(self.floats(1.0), others)
        return prompts, op.squeeze(best.output(1), last), op.squeeze(probabilities, last)

    def standardise(self, x: Node, norm: nn.LayerNorm) -> Node:
        """Mean 0 and variance 1; scale and shift are in the linear that follows."""
        return self.op.mvn(x, self.integers(-1), True, norm.eps, "inside_sqrt")  # noqa: FBT003

    def norm(self, x: Node, norm: nn.LayerNorm) -> Node:
        scaled = self.op.multiply(self.standardise(x, norm), self.floats(_array(norm.weight)))
        return self.op.add(scaled, self.floats(_array(norm.bias)))

    def linear(self, x: Node, linear: _Linear, rows: slice = slice(None)) -> Node:
        weight = self.weight(linear.weight[rows])
        product = self.op.matmul(x, weight, transpose_a=False, transpose_b=True)
        return self.op.add(product, self.floats(linear.bias[rows]))

    def weight(self, values: Array) -> Node:
        if not self.eight_bits:
            return self.floats(values)
        op, half = self.op, "f16"
        low, high = values.min(1, keepdims=True), values.max(1, keepdims=True)
        scale = np.maximum(high - low, 1e-8) / 255
        zero = np.clip(np.round(-low / scale), 0, 255)
        eights = op.constant(np.clip(np.round(values / scale + zero), 0, 255).astype(np.uint8))
        centred = op.subtract(
            op.convert(eights, half), op.convert(op.constant(zero.astype(np.uint8)), half)
        )
        return op.convert(op.multiply(centred, op.constant(scale.astype(np.float16))), "f32")

    def floats(self, values: Array | float) -> Node:
        return self.op.constant(np.ascontiguousarray(values, np.float32))

    def integers(self, *values: int) -> Node:
        return self.op.constant(np.array(values, np.int64))


def _array(parameter: Tensor) -> Array:
    array: Array = parameter.detach().float().numpy()
    return array
