"""The SANM encoder in 8 bits as an ONNX graph.

Linears take whole numbers and give float32, the rest is float32. Their inputs have one scale for
the model's life, found on speech, so that what an utterance gets does not depend on its company in
a batch. Channels of unequal size are evened out first, as in SmoothQuant (Xiao et al., 2023): what
is taken from the input of a linear is given to its weights; the normalisation, the linear or the
convolution before it takes its part for nothing.

A QuantizeLinear whose zero is 0 clips what is negative, so it is the ReLU as well. Attention, 13 %
of the time, stays in float32.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from richspeech.engines.sensevoice.calibration import Ranges
from richspeech.engines.sensevoice.encoder import SanmEncoder, SanmLayer
from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES

Array = NDArray[np.float32]
MICROSOFT = "com.microsoft"
OPSETS = (helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1))
IR_VERSION = 10
WEIGHTS_SUFFIX = ".bin"
LEAST = 1e-6
HIGHEST, SAFE_PAIR = 127, 127
"""Of a weight; and of two neighbours together, where sums of 16 bits must hold two products."""


def build(
    encoder: SanmEncoder, width: int, ranges: Ranges, *, narrow: bool, room: float = 1.0
) -> Any:
    """Return the model: inputs [B, T, width], 1.0 for every real frame, and lengths with prompts.

    The frames are [B, T], with 0.0 for those beyond the lengths [B]. It answers with prompt logits
    [B, 4, V] and all probabilities [B, T, V]. ``narrow`` weights suit processors without VNNI,
    where a sum of two products has 16 bits. What exceeds ``room`` times the ranges is clipped: less
    room, finer steps.
    """
    return _Builder(ranges, narrow=narrow, room=room).model(encoder, width)


class _Linear:
    """Weights [out, in] and bias [out], with room for what is taken from the inputs."""

    def __init__(self, linear: nn.Linear, ranges: Ranges) -> None:
        self.weight, self.bias = _array(linear.weight), _array(linear.bias)
        largest = np.maximum(ranges.of(linear), LEAST)
        evened = np.sqrt(largest / np.maximum(np.abs(self.weight).max(0), LEAST))
        self.taken = (evened / np.exp(np.log(evened).mean())).astype(np.float32)
        """By what each input is to be divided, [in]."""
        self.weight = self.weight * self.taken
        self.range = float((largest / self.taken).max())
        """Of the inputs then."""

    def give(self, taken: Array, rows: slice = slice(None)) -> None:
        """Divide outputs by what the next linear takes from them."""
        self.weight[rows] /= taken[:, None]
        self.bias = self.bias.copy()
        self.bias[rows] /= taken


class _Builder:
    def __init__(self, ranges: Ranges, *, narrow: bool, room: float = 1.0) -> None:
        self.ranges, self.narrow, self.room = ranges, narrow, room
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def model(self, encoder: SanmEncoder, width: int) -> Any:
        self.axis = self.constant(np.array([2]))
        real, x = self.node("Unsqueeze", "real", self.axis), "inputs"
        for layer in encoder.lower:
            x = self.layer(x, layer, real)
        x = self.norm(x, encoder.middle_norm)
        for layer in encoder.upper:
            x = self.layer(x, layer, real)
        vocabulary = _Linear(encoder.vocabulary, self.ranges)
        x = self.norm(x, encoder.last_norm, vocabulary.taken)
        scores = self.product(self.quantised(x, vocabulary), vocabulary)
        bounds = (self.constant(np.array([each])) for each in (0, PROMPT_FRAMES, 1))
        prompts, shares = self.node("Slice", scores, *bounds), self.node("Softmax", scores, axis=2)
        graph = helper.make_graph(
            self.nodes,
            "sanm",
            [
                helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["B", "T", width]),
                helper.make_tensor_value_info("real", TensorProto.FLOAT, ["B", "T"]),
                helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"]),
            ],
            [
                helper.make_tensor_value_info(
                    prompts, TensorProto.FLOAT, ["B", PROMPT_FRAMES, None]
                ),
                helper.make_tensor_value_info(shares, TensorProto.FLOAT, ["B", "T", None]),
            ],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=OPSETS, ir_version=IR_VERSION)

    def layer(self, x: str, layer: SanmLayer, real: str) -> str:
        attended = self.attend(x, layer, real)
        x = self.node("Add", x, attended) if layer.residual else attended
        expand, contract = (_Linear(each, self.ranges) for each in (layer.expand, layer.contract))
        expand.give(contract.taken)
        y = self.product(self.quantised(self.norm(x, layer.norm2, expand.taken), expand), expand)
        y = self.product(self.quantised(y, contract, positive=True), contract)
        return self.node("Add", x, y)

    def attend(self, x: str, layer: SanmLayer, real: str) -> str:
        joint, out = _Linear(layer.qkv, self.ranges), _Linear(layer.out, self.ranges)
        size = len(joint.bias) // 3
        joint.give(out.taken, slice(2 * size, None))
        whole = self.quantised(self.norm(x, layer.norm1, joint.taken), joint)
        query, key, value = (
            self.product(whole, joint, slice(start, start + size))
            for start in range(0, 3 * size, size)
        )
        context = self.node(
            "MultiHeadAttention",
            *(query, key, value, "", "lengths"),
            domain=MICROSOFT,
            num_heads=layer.heads,
        )
        y = self.product(self.quantised(context, out), out)
        return self.node("Add", y, self.remember(value, layer, out.taken, real))

    def remember(self, value: str, layer: SanmLayer, taken: Array, real: str) -> str:
        """Add a depthwise convolution over the values, which something was taken from, to them."""
        taps = _array(layer.memory.weight)[:, None].copy()  # [D, 1, 1, taps]
        before, after = layer.pad
        taps[..., before] += 1.0
        taps *= taken[:, None, None, None]
        over_time = self.node("Transpose", self.node("Mul", value, real), perm=[0, 2, 1])
        heard = self.node(
            "Conv",
            self.node("Unsqueeze", over_time, self.axis),
            self.constant(taps),
            group=len(taps),
            pads=[0, before, 0, after],
            kernel_shape=[1, taps.shape[-1]],
        )
        return self.node("Transpose", self.node("Squeeze", heard, self.axis), perm=[0, 2, 1])

    def norm(self, x: str, norm: nn.LayerNorm, taken: Array | float = 1.0) -> str:
        scale, shift = (self.constant(_array(each) / taken) for each in (norm.weight, norm.bias))
        return self.node("LayerNormalization", x, scale, shift, epsilon=norm.eps, axis=-1)

    def quantised(self, x: str, linear: _Linear, *, positive: bool = False) -> tuple[str, str, str]:
        """Return what goes into ``linear`` as whole numbers, their scale and their zero."""
        top, zero = (255, 0) if positive else (127, 128)
        scale = self.constant(np.float32(linear.range * self.room / top))
        middle = self.constant(np.uint8(zero))
        return self.node("QuantizeLinear", x, scale, middle), scale, middle

    def product(self, x: tuple[str, str, str], linear: _Linear, rows: slice = slice(None)) -> str:
        whole, scale, zero = x
        weight = linear.weight[rows]
        steps = self.step(weight)
        eights = np.clip(np.round(weight / steps[:, None]), -HIGHEST, HIGHEST).astype(np.int8)
        return self.node(
            "MatMulIntegerToFloat",
            whole,
            self.constant(np.ascontiguousarray(eights.T)),
            scale,
            self.constant(steps),
            zero,
            self.constant(np.zeros(len(steps), np.int8)),
            self.constant(linear.bias[rows]),
            domain=MICROSOFT,
        )

    def step(self, weight: Array) -> Array:
        """Return the step of each row of weights [out, in]."""
        sizes = np.abs(weight)
        step = sizes.max(1) / HIGHEST
        if self.narrow and weight.shape[1] % 2 == 0:
            pairs = sizes.reshape(len(sizes), -1, 2).sum(2).max(1)
            step = np.maximum(step, pairs / SAFE_PAIR)
        steps: Array = np.maximum(step, LEAST).astype(np.float32)
        return steps

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        output = f"{kind}_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes)
        self.nodes.append(node)
        return output

    def constant(self, values: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def save(model: Any, file: Path) -> None:
    """Write it, and its weights to a file of their own beside it.

    ONNX Runtime maps that one, and keeps of it what it has made of the weights; of weights within
    a graph it keeps a copy as long as it loads, 100 MB more at most.
    """
    weights = file.with_suffix(WEIGHTS_SUFFIX)
    onnx.save(model, file, save_as_external_data=True, location=weights.name)
    weights.chmod(file.stat().st_mode)  # onnx would keep it from other users


def _array(parameter: Tensor) -> Array:
    array: Array = parameter.detach().float().numpy()
    return array
