"""The Orders store: an append-only file of what was ordered and what was revoked.

One JSON document a line in `<data>/orders.jsonl`: `{"add": {…}}` or
`{"revoke": {"id", "issuer", "at", "note"}}`. Nothing is ever rewritten, so the
file is its own history and can be signed line by line later. A malformed line is
reported and skipped: a damaged order must not take the others out of force.
This module is a door to that file; the moment is a parameter.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from policies.model import Action, Office, Order
from rules.load import Problem, WorldError
from rules.model import Basis, Status

MAX_LINE = 64 * 1024  # bytes; an order is written by people
MAX_ITEMS = 10_000  # hosts of one order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The orders that stand, in the order they were given, and the lines that do not read."""

    orders: tuple[Order, ...] = ()
    problems: tuple[Problem, ...] = ()


class Orders:
    """The orders of one node. Every call reads or appends the file; nothing is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, now: float) -> tuple[Order, ...]:
        """Orders neither revoked nor expired at `now` (Unix seconds); not yet started ones too."""
        return self.book(now).orders

    def book(self, now: float) -> OrderBook:
        """The same, with a problem for each malformed line."""
        standing: dict[str, Order] = {}
        problems: list[Problem] = []
        for number, line in enumerate(self._lines(), 1):
            if not line.strip():
                continue
            try:
                _apply(standing, line)
            except ValueError as error:
                problems.append(_problem(self.path, number, str(error)))
        orders = tuple(o for o in standing.values() if not 0 < o.expires <= now)
        return OrderBook(orders=orders, problems=tuple(problems))

    def add(self, order: Order) -> None:
        """Append one order. Raises ValueError where its id is taken or it cannot be read back."""
        line = _dumped({"add": asdict(order)})
        if parse_order(json.loads(line)["add"]) != order:
            raise ValueError("the order does not read back as it was written")
        with self._locked() as file:
            taken = {o.id for o in self.book(now=0.0).orders}
            if order.id in taken:
                raise ValueError(f"指令 {order.id} 已存在 / order {order.id} exists already")
            _append(file, line)

    def revoke(self, order_id: str, *, issuer: str, at: float, note: str = "") -> None:
        """Append a revocation. Raises KeyError where no such order stands."""
        with self._locked() as file:
            if order_id not in {o.id for o in self.book(now=0.0).orders}:
                raise KeyError(order_id)
            _append(
                file,
                _dumped({"revoke": {"id": order_id, "issuer": issuer, "at": at, "note": note}}),
            )

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise WorldError(f"{self.path}: cannot be read: {error.strerror}") from error

    def _locked(self) -> _Locked:
        return _Locked(self.path)


class _Locked:
    """The file, open for appending and held against other writers."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> int:
        self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return self.file

    def __exit__(self, *_: object) -> None:
        os.close(self.file)


def parse_order(found: object) -> Order:
    """A JSON object → Order. Raises ValueError naming the field that is wrong."""
    if not isinstance(found, Mapping):
        raise ValueError("an order is an object")
    unknown = set(found) - set(Order.__dataclass_fields__)
    if unknown:
        raise ValueError(f"unknown field `{min(map(str, unknown))}`")
    return Order(
        id=_text(found, "id", required=True),
        action=_action(found),
        basis=_basis(found.get("basis")),
        issuer=_text(found, "issuer", required=True),
        hosts=_texts(found, "hosts"),
        categories=_texts(found, "categories"),
        school=_text(found, "school"),
        group=_text(found, "group"),
        token=_text(found, "token"),
        pass_through=_truth(found, "pass_through"),
        approvals=_texts(found, "approvals"),
        starts=_number(found, "starts"),
        expires=_number(found, "expires"),
        note=_text(found, "note"),
        office=_office(found),
    )


def _apply(standing: dict[str, Order], line: bytes) -> None:
    if len(line) > MAX_LINE:
        raise ValueError(f"the line is longer than {MAX_LINE} bytes")
    try:
        found = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("the line nests too deeply") from error
    if not isinstance(found, dict) or len(found) != 1:
        raise ValueError('a line is {"add": …} or {"revoke": …}')
    if "add" in found:
        order = parse_order(found["add"])
        if order.id in standing:
            raise ValueError(f"order `{order.id}` stands already")
        standing[order.id] = order
        return
    revoked = found.get("revoke")
    if not isinstance(revoked, dict):
        raise ValueError('a line is {"add": …} or {"revoke": …}')
    if standing.pop(_text(revoked, "id", required=True), None) is None:
        raise ValueError(f"no order `{revoked['id']}` to revoke")


def _dumped(document: Mapping[str, Any]) -> bytes:
    line = json.dumps(document, ensure_ascii=True, sort_keys=True, allow_nan=False).encode()
    if len(line) > MAX_LINE:
        raise ValueError(f"an order may have {MAX_LINE} bytes, this one has {len(line)}")
    return line


def _append(file: int, line: bytes) -> None:
    """Append one whole line; a torn last line of a crash is closed first."""
    end = os.lseek(file, 0, os.SEEK_END)
    torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
    whole = (b"\n" if torn else b"") + line + b"\n"
    if os.write(file, whole) != len(whole):
        raise WorldError("the disk is full: the order was not written")
    os.fsync(file)


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(
        file=str(path), line=line, column=1, message=message, remedy="the line is skipped"
    )


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number here")


def _text(found: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is not a text")
    if required and not value:
        raise ValueError(f"`{name}` is missing")
    return value


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"`{name}` is not a list of texts")
    if len(value) > MAX_ITEMS:
        raise ValueError(f"`{name}` has more than {MAX_ITEMS} items")
    return tuple(value)


def _truth(found: Mapping[str, Any], name: str) -> bool:
    value = found.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` is neither true nor false")
    return value


def _number(found: Mapping[str, Any], name: str) -> float:
    value = found.get(name, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise ValueError(f"`{name}` is not a time in Unix seconds")
    return float(value)


def _action(found: Mapping[str, Any]) -> Action:
    try:
        return Action(str(found.get("action")))
    except ValueError as error:
        raise ValueError(f"`action` is not one of: {', '.join(Action)}") from error


def _office(found: Mapping[str, Any]) -> Office:
    try:
        return Office(found.get("office", Office.DISTRICT))
    except ValueError as error:
        raise ValueError(f"`office` is not one of: {', '.join(Office)}") from error


def _basis(found: object) -> Basis:
    if not isinstance(found, Mapping):
        raise ValueError("`basis` is missing")
    try:
        status = Status(found.get("status", Status.UNVERIFIED))
    except ValueError as error:
        raise ValueError(f"`basis.status` is not one of: {', '.join(Status)}") from error
    return Basis(
        source=_text(found, "source", required=True),
        clause=_text(found, "clause"),
        status=status,
        note=_text(found, "note"),
    )
