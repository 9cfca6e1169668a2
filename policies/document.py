"""Values ↔ the canonical JSON document of a Snapshot.

Workers load this document and never read YAML. Fields at their default are left out,
keys are sorted, and the content hash is taken over exactly these bytes. The shape is
the dataclass; nothing about policies is known here.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from hashlib import blake2b
from typing import Any

from rules.load import DataError, Problem


def encode(value: Any) -> Any:
    """A value made of dataclasses, tuples, mappings and scalars as plain JSON data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    return value


def canonical(data: Any) -> str:
    """The one JSON text of this data."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """The content hash (BLAKE2b-128, hex)."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def decode[T](kind: type[T], text: str, file: str = "snapshot") -> T:
    """The value of a canonical document. Raises DataError where it is damaged."""
    try:
        return typing.cast(T, _decode(kind, json.loads(text), _Hints()))
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError) as error:
        raise damaged(error, file) from error


def damaged(error: Exception, file: str) -> DataError:
    """The DataError for a document that cannot be used."""
    problem = Problem(
        file=file,
        line=getattr(error, "lineno", 1),
        column=getattr(error, "colno", 1),
        message=f"not a policy snapshot: {error}",
        remedy="compile the policies again",
    )
    return DataError([problem])


class _Hints(dict[Any, dict[str, Any]]):
    """Type hints per class, looked up once per document."""

    def __missing__(self, kind: Any) -> dict[str, Any]:
        self[kind] = hints = typing.get_type_hints(kind)
        return hints


def _decode(kind: Any, data: Any, hints: _Hints) -> Any:
    origin = typing.get_origin(kind)
    if origin is None:
        return _plain(kind, data, hints)
    arguments = typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        (real,) = (option for option in arguments if option is not type(None))
        return _decode(real, data, hints)
    if origin is tuple:
        if not isinstance(data, list):
            raise TypeError("a list is wanted")
        return tuple(_decode(arguments[0], item, hints) for item in data)
    return {
        _decode(arguments[0], key, hints): _decode(arguments[1], item, hints)
        for key, item in data.items()
    }


def _plain(kind: Any, data: Any, hints: _Hints) -> Any:
    if dataclasses.is_dataclass(kind):
        known = hints[kind]
        values = {name: _decode(known[name], item, hints) for name, item in data.items()}
        return typing.cast(Any, kind)(**values)
    if issubclass(kind, (Enum, str)):
        if not isinstance(data, str):
            raise TypeError(f"text is wanted, not {data!r}")
        return kind.parse(data) if hasattr(kind, "parse") else kind(data)
    if kind is float and isinstance(data, (int, float)) and not isinstance(data, bool):
        return float(data)
    if type(data) is not kind:
        raise TypeError(f"{kind.__name__} is wanted, not {data!r}")
    return data


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
