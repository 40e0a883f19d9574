"""Records as they cross from a reading process: JSON of known shape, and the arrays beside it.

What comes back is built from the types that are expected and from nothing else, so a process that
something has taken over can send wrong values, but run nothing here: no pickle comes from there.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Record = TypeVar("Record")

ARRAY_TYPES = ("float32", "int64", "int16", "int8")
"""Of arrays that may cross."""


class MalformedError(ValueError):
    """What came is no record of the expected type."""


def packed(value: object, arrays: list[NDArray[Any]]) -> Any:
    """Return ``value`` as JSON knows it; its arrays are appended to ``arrays``.

    Raises ``TypeError`` for what is neither a dataclass, a tuple, an enum, an array nor a scalar.
    """
    if isinstance(value, np.ndarray):
        arrays.append(np.ascontiguousarray(value))
        return len(arrays) - 1
    if is_dataclass(value):
        return [packed(getattr(value, each.name), arrays) for each in _crossing(type(value))]
    if isinstance(value, tuple | list):
        return [packed(each, arrays) for each in value]
    if isinstance(value, Mapping):
        return {str(name): packed(each, arrays) for name, each in value.items()}
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    message = f"{type(value).__name__} does not cross into another process"
    raise TypeError(message)


def unpacked(kind: type[Record], value: Any, arrays: Sequence[NDArray[Any]]) -> Record:
    """Return the record of type ``kind`` that ``packed`` made ``value`` of.

    Raises ``MalformedError`` when it is none.
    """
    try:
        record: Record = _unpacked(kind, value, arrays)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        raise MalformedError(str(error)) from error
    return record


def shapes_of(arrays: Sequence[NDArray[Any]]) -> list[Any]:
    """Return types and shapes as JSON knows them."""
    return [[array.dtype.name, list(array.shape)] for array in arrays]


def empty_arrays(shapes: Any, most_bytes: int) -> list[NDArray[Any]]:
    """Return arrays to be filled, of the shapes that ``shapes_of`` told.

    Raises ``MalformedError`` for other types, and where they take more than ``most_bytes``.
    """
    try:
        kinds = [(str(name), tuple(int(each) for each in shape)) for name, shape in shapes]
        if any(name not in ARRAY_TYPES or min(shape, default=0) < 0 for name, shape in kinds):
            raise MalformedError("an array of no known type")
        sizes = (np.dtype(name).itemsize * _count(shape) for name, shape in kinds)
        if sum(sizes) > most_bytes:
            raise MalformedError("more arrays than there may be")
        return [np.empty(shape, name) for name, shape in kinds]
    except (TypeError, ValueError) as error:
        raise MalformedError(str(error)) from error


def _count(shape: Sequence[int]) -> int:
    count = 1
    for each in shape:
        count *= each
    return count


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _crossing(kind: Any) -> Iterator[Any]:
    return (each for each in fields(kind) if each.init)


def _unpacked(kind: Any, value: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        found = _one_of(get_args(kind), value, arrays)
    elif origin is tuple:
        pairs = zip(_parts(get_args(kind), value), value, strict=True)
        found = tuple(_unpacked(each, part, arrays) for each, part in pairs)
    elif origin is Mapping:
        each = get_args(kind)[1]
        found = {str(name): _unpacked(each, part, arrays) for name, part in value.items()}
    elif (origin or kind) is np.ndarray:
        found = arrays[_exactly(int, value)]
    elif is_dataclass(kind):
        found = _made(kind, value, arrays)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        found = kind(value)
    elif kind is float:
        found = float(_exactly((int, float), value))
    else:
        found = _exactly(kind, value)
    return found


def _made(kind: Any, value: Sequence[Any], arrays: Sequence[NDArray[Any]]) -> Any:
    hints, names = _hints(kind), [each.name for each in _crossing(kind)]
    parts = zip(names, value, strict=True)
    return kind(**{name: _unpacked(hints[name], part, arrays) for name, part in parts})


def _one_of(kinds: Sequence[Any], value: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is not type(None):
            with suppress(TypeError):
                return _unpacked(kind, value, arrays)
    message = f"{value!r} is none of {kinds}"
    raise TypeError(message)


def _parts(kinds: Sequence[Any], value: Sequence[Any]) -> Sequence[Any]:
    return [kinds[0]] * len(value) if len(kinds) == 2 and kinds[1] is Ellipsis else kinds


def _exactly(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        message = f"{value!r} is no {kind}"
        raise TypeError(message)
    return value
