"""Data classes → JSON Schema, so that editors complete and check data files while typing.

The shape is the dataclass, as `rules.load` reads it: a list may be written as one value,
`-` stands for `_` in keys, enums name their members. What a class checks beyond its shape
stays with loading. Pure: a class in, a schema out.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"

type Schema = dict[str, Any]

_TEXT: Schema = {"type": ["string", "number"]}  # YAML reads `12` and `0.5` as numbers
_PLAIN: Mapping[Any, Schema] = {
    str: _TEXT,
    Path: _TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Any: {},
}


def schema(kind: type[Any], title: str) -> Schema:
    """The schema of a file whose content is `kind`. Raises TypeError for no data class."""
    parts: dict[str, Schema] = {}
    reference = _of(kind, parts)
    return {"$schema": DIALECT, "title": title, **reference, "$defs": dict(sorted(parts.items()))}


def _of(kind: Any, parts: dict[str, Schema]) -> Schema:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        real = [_of(one, parts) for one in arguments if one is not type(None)]
        return {"anyOf": [*real, {"type": "null"}]}
    if origin in (tuple, frozenset):
        item = _of(arguments[0], parts)
        return {"anyOf": [{"type": "array", "items": item}, {"type": "null"}, item]}
    if origin in (dict, Mapping):
        values = _of(arguments[1], parts)
        return {"anyOf": [{"type": "object", "additionalProperties": values}, {"type": "null"}]}
    if dataclasses.is_dataclass(kind):
        return _record(typing.cast(type, kind), parts)
    if isinstance(kind, type) and issubclass(kind, Enum) and not hasattr(kind, "parse"):
        return {"enum": [member.value for member in kind]}
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if (isinstance(kind, type) and issubclass(kind, str)) or hasattr(kind, "parse"):
        return dict(_TEXT)
    raise TypeError(f"{kind!r} has no schema")


def _record(kind: type, parts: dict[str, Schema]) -> Schema:
    """A reference to the class among `parts`; one with `parse` may be written as text, too."""
    name = kind.__name__
    if name not in parts:
        parts[name] = {}  # a class may hold itself
        hints = typing.get_type_hints(kind)
        given = [one for one in dataclasses.fields(kind) if one.init]
        parts[name] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key: _of(hints[one.name], parts)
                for one in given
                for key in dict.fromkeys((one.name, one.name.replace("_", "-")))
            },
            "required": [
                one.name
                for one in given
                if one.default is dataclasses.MISSING
                and one.default_factory is dataclasses.MISSING
                and "_" not in one.name
            ],
        }
    reference = {"$ref": f"#/$defs/{name}"}
    return {"anyOf": [reference, dict(_TEXT)]} if hasattr(kind, "parse") else reference
