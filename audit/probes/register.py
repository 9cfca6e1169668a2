"""Our inventory, the school's registers and the dates of our own runs, as evidence.

A door: reads `records/` (one table a register, `audit/registers.py`), an inventory and a folder
of evidence. What is not given is not looked at, so checks on it stay unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from audit.model import Evidence, System
from audit.probes import shelf
from audit.probes.host import made, redact
from audit.registers import Register, load_registers, read, second
from audit.tallies import told
from audit.targets import Inventory, load_inventory
from rules.load import DataError, Problem

PROBE = "register"
METHOD = "台账、记录与历次检查的日期 / inventory, registers and the dates of runs, read"
SUFFIXES = (".csv", ".yaml", ".yml")
LARGEST = 64 * 1024 * 1024
DAY = 86400.0


def gather(
    *,
    target: str,
    now: float,
    records: Path | None = None,
    inventory: Path | None = None,
    runs: Path | None = None,
) -> Evidence:
    """Evidence from what is given. Raises DataError with every problem of every file."""
    known = load_registers()
    problems: list[Problem] = []
    registers: dict[str, Any] = {}
    for path in sorted(records.iterdir()) if records is not None else ():
        if path.suffix not in SUFFIXES:
            continue
        try:
            registers |= _register(path, known, now, registers)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    listed = load_inventory(inventory) if inventory is not None else None
    taken = _runs(runs) if runs is not None else None
    return evidence(target, registers, listed, taken, now)


def _register(
    path: Path, known: Mapping[str, Register], now: float, seen: Mapping[str, Any]
) -> dict[str, Any]:
    """One file of the folder: its stem is the register's id. Raises DataError."""

    def wrong(message: str, remedy: str = "") -> DataError:
        return DataError(
            [Problem(file=str(path), line=1, column=1, message=message, remedy=remedy)]
        )

    register = known.get(path.stem)
    if register is None:
        raise wrong(f"没有台账 no register `{path.stem}`", ", ".join(sorted(known)))
    if path.stem in seen:
        raise wrong(f"台账 `{path.stem}` 有两个文件 / two files of one register")
    try:
        if path.stat().st_size > LARGEST:
            raise wrong("文件过大 / the file is too large")
        data = path.read_bytes()
    except OSError as error:
        raise wrong(f"无法读取 / cannot be read: {error.strerror}") from error
    return {path.stem: told(read(data, register, str(path)), register, now)}


def evidence(
    target: str,
    registers: Mapping[str, Any],
    inventory: Inventory | None,
    taken: Iterable[tuple[str, float]] | None,
    now: float,
) -> Evidence:
    """The document and its digest."""
    document: dict[str, Any] = {"platform": PROBE, "registers": dict(registers)}
    if inventory is not None:
        document["inventory"] = listed(inventory, now)
    if taken is not None:
        document["runs"] = ran(taken, now)
    return made(
        target,
        PROBE,
        redact(document),
        method=METHOD,
        taken=now,
        collector="qinglang-register-probe",
    )


def listed(inventory: Inventory, now: float) -> dict[str, Any]:
    """What the inventory says of systems and targets."""
    systems = {one.id for one in inventory.systems}
    return {
        "organisations": len(inventory.organisations),
        "systems": [_system(one, now) for one in inventory.systems],
        "targets": len(inventory.targets),
        "nameless": [one.id for one in inventory.targets if not one.name][:50],
        "without_system": [one.id for one in inventory.targets if one.system not in systems][:50],
        "without_platform": [
            one.id
            for one in inventory.targets
            if not one.platform and one.kind.value not in ("people", "room", "network", "data")
        ][:50],
    }


def _system(one: System, now: float) -> dict[str, Any]:
    expires = _second(one.filing_expires)
    return {
        "id": one.id,
        "level": one.level,
        "graded": one.level > 0,
        "filing": bool(one.filing),
        "filed": _second(one.filed),
        "expires": expires,
        "expired": None if expires is None else expires + DAY <= now,
        "owner": bool(one.owner),
    }


def _second(text: str) -> float | None:
    try:
        return second(date.fromisoformat(text))
    except ValueError:
        return None


def ran(taken: Iterable[tuple[str, float]], now: float) -> dict[str, Any]:
    """When targets were looked at: by target, its newest good evidence."""
    newest: dict[str, float] = {}
    for target, at in taken:
        newest[target] = max(at, newest.get(target, 0.0))
    times = [at for at in newest.values() if at <= now]
    return {
        "targets": len(newest),
        "newest": max(times, default=0.0),
        "oldest": min(times, default=0.0),
    }


def _runs(folder: Path) -> list[tuple[str, float]]:
    found = []
    for path in sorted(folder.glob("*.json")):
        one = shelf.read(path)
        if not one.problem and one.probe != PROBE:
            found.append((one.target, one.taken))
    return found
