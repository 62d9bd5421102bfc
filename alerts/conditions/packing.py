"""Columns to bytes and back: arrays and numbers of nested dataclasses, by name."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import msgspec
import numpy as np

State = TypeVar("State")
FORM = 2  # raised when the columns change: what was packed in another form is forgotten


def pack(state: Any) -> bytes:
    """Return the bytes of a dataclass of arrays, integers, flags and such dataclasses."""
    return msgspec.msgpack.encode({"form": FORM, "body": _packed(state)})


def unpack(body: bytes, empty: State) -> State:
    """Return what was packed, shaped as `empty`; that itself when there is nothing fitting."""
    if not body:
        return empty
    message = msgspec.msgpack.decode(body)
    if message.get("form") != FORM:
        return empty
    try:
        found: State = _unpacked(message["body"], empty)
    except (KeyError, TypeError, ValueError):
        return empty  # columns of an older release: it learns anew, and raises nothing for it
    return found


def _packed(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _packed(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return [value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes()]
    return value


def _unpacked(packed: Any, like: Any) -> Any:
    if is_dataclass(like) and not isinstance(like, type):
        names = [field.name for field in fields(like)]
        return type(like)(**{name: _unpacked(packed[name], getattr(like, name)) for name in names})
    if isinstance(like, np.ndarray):
        kind, shape, body = packed
        return np.frombuffer(body, np.dtype(kind)).reshape(shape).copy()
    return packed
