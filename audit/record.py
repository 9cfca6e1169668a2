"""A run as one JSON document and back: all that is needed to print it years later. Pure.

The document carries its own catalog clauses, checks and rules (of the versions in force then),
so a later catalog changes nothing in it. A finding stands once; items name it by number.
`bodies=False` leaves the evidence's documents out: the store keeps them apart, encrypted.
The digest of a record is that of its canonical bytes.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from hashlib import sha256
from typing import Any

from audit.model import (
    Assessment,
    Check,
    Evidence,
    Finding,
    ItemResult,
    Organisation,
    System,
)
from audit.probes.host import canonical
from audit.run import Run

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What belongs to a run beside the run: who, what for, and by which checks."""

    checks: Mapping[str, Check] = dataclasses.field(default_factory=dict)
    organisation: Organisation | None = None
    system: System | None = None
    assessment: Assessment | None = None
    template: str = ""
    previous: str = ""  # the run of the same assessment before this one
    product: str = ""


def record(run: Run, beside: Beside | None = None, *, bodies: bool = True) -> dict[str, Any]:
    """The run as a JSON value."""
    place: dict[tuple[str, str], int] = {}
    for number, one in enumerate(run.findings):
        place[one.target, one.check] = number
    document = {
        name: plain(getattr(run, name))
        for name in _fields(Run)
        if name not in ("single", "items", "evidence")
    }
    return {
        "format": FORMAT,
        "kind": "qinglang-audit-run",
        **document,
        "evidence": [_evidence(one, bodies=bodies) for one in run.evidence],
        "single": [_item(one, run.findings, place) for one in run.single],
        "items": [_item(one, run.findings, place) for one in run.items],
        "beside": plain(beside or Beside()),
    }


def restore(document: Mapping[str, Any]) -> Run:
    """The run of a document. Raises ValueError, TypeError, KeyError for anything else."""
    _believe(document)
    findings = typing.cast(
        tuple[Finding, ...], typed(document["findings"], tuple[Finding, ...], "findings")
    )
    whole = {
        name: typed(document[name], kind, name)
        for name, kind in _hints(Run).items()
        if name not in ("findings", "single", "items") and name in document
    }
    return Run(
        **whole,
        findings=findings,
        single=tuple(_result(one, findings) for one in document["single"]),
        items=tuple(_result(one, findings) for one in document["items"]),
    )


def restore_beside(document: Mapping[str, Any]) -> Beside:
    """What was recorded beside the run: checks, assessment, system. Raises as `restore` does."""
    _believe(document)
    return typing.cast(Beside, typed(document["beside"], Beside, "beside"))


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes of a record."""
    return sha256(canonical(document)).hexdigest()


def with_bodies(run: Run, bodies: Mapping[str, Any]) -> Run:
    """The run with the documents of its evidence put back, where they still exist."""
    return dataclasses.replace(
        run,
        evidence=tuple(
            dataclasses.replace(one, document=bodies[one.id]) if one.id in bodies else one
            for one in run.evidence
        ),
    )


def _believe(document: Mapping[str, Any]) -> None:
    if not isinstance(document, Mapping) or document.get("kind") != "qinglang-audit-run":
        raise ValueError("不是运行记录 / not a recorded run")
    if document.get("format") != FORMAT:
        raise ValueError(f"记录格式 {document.get('format')!r} 未知 / unknown format of record")


def _evidence(one: Evidence, *, bodies: bool) -> dict[str, Any]:
    found: dict[str, Any] = plain(dataclasses.replace(one, document=None))
    found.pop("document")
    return {**found, "document": one.document} if bodies else found


def _item(
    one: ItemResult, findings: tuple[Finding, ...], place: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    """An item with its findings by number; one that is not among the run's stands in full."""
    found: dict[str, Any] = plain(dataclasses.replace(one, findings=()))
    numbers = [place.get((each.target, each.check), -1) for each in one.findings]
    found["findings"] = [
        number if number >= 0 and findings[number] == each else plain(each)
        for number, each in zip(numbers, one.findings, strict=True)
    ]
    return found


def _result(found: Any, findings: tuple[Finding, ...]) -> ItemResult:
    if not isinstance(found, Mapping):
        raise TypeError("an item of a record is a mapping")
    named = []
    for one in found["findings"]:
        if isinstance(one, int) and not isinstance(one, bool):
            if not 0 <= one < len(findings):
                raise ValueError(f"a record names finding {one}, which is not there")
            named.append(findings[one])
        else:
            named.append(typed(one, Finding, "finding"))
    bare = typed({**found, "findings": []}, ItemResult, "item")
    return dataclasses.replace(typing.cast(ItemResult, bare), findings=tuple(named))


def plain(value: Any) -> Any:
    """A value of our dataclasses as JSON; `dataclasses.asdict` without its deep copies."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if dataclasses.is_dataclass(value):
        shape: Any = type(value)
        return {name: plain(getattr(value, name)) for name in _fields(shape)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, Iterable):
        return [plain(one) for one in value]
    raise TypeError(f"no JSON value: {type(value).__name__}")


def typed(value: Any, kind: Any, where: str) -> Any:
    """A JSON value as the type that is wanted. Raises ValueError, TypeError, KeyError."""
    if isinstance(kind, typing.TypeAliasType):
        return typed(value, kind.__value__, where)
    if kind is Any or kind is object:
        return value
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        real = [one for one in inner if one is not type(None)]
        return None if value is None else typed(value, real[0], where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError(f"{where}: a list is wanted")
        return tuple(typed(one, inner[0], where) for one in value)
    if origin is not None:
        if not isinstance(value, Mapping):
            raise TypeError(f"{where}: a mapping is wanted")
        return {
            typed(key, inner[0], where): typed(one, inner[1], where) for key, one in value.items()
        }
    return _one(value, kind, where)


def _one(value: Any, kind: Any, where: str) -> Any:
    made: Any = kind
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise TypeError(f"{where}: a mapping is wanted")
        hints = _hints(made)
        known = {name: typed(one, hints[name], f"{where}.{name}") for name, one in value.items()}
        return made(**known)
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise TypeError(f"{where}: {kind.__name__} is wanted")
    return value


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
