"""The samples of a frame, channel by channel.

PyAV 18 counts the planes of a frame up to a null pointer, and in frames of eight channels none has
to follow; so planes are counted by the channels here.
"""

from collections.abc import Sequence
from typing import TypeVar, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane
from numpy.typing import NDArray

Sample = TypeVar("Sample", np.float32, np.int16)


def planes(frame: AudioFrame) -> Sequence[AudioPlane]:
    """Return one plane a channel, or the only one of a frame that is not planar."""
    count = frame.layout.nb_channels if frame.format.is_planar else 1
    return [AudioPlane(frame, number) for number in range(count)]


def rows_of(frame: AudioFrame, kind: type[Sample]) -> NDArray[Sample]:
    """Return the samples of a planar frame, which are of the type ``kind``, [C, T]."""
    contents = (cast("bytes", each) for each in planes(frame))
    return np.stack([np.frombuffer(each, kind, frame.samples) for each in contents])
