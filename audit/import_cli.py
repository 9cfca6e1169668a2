"""`qinglang audit import`: others' results become evidence in a folder, for `audit run --evidence`.

A door: files, the inventory (whose addresses and names say which target is meant), the clock.
Exit codes: 0 imported · 2 a file is refused, with the sentence why · 3 the world failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.imported import RuleMap, load_rule_maps
from audit.importers import nmap, sbom_47020
from audit.importers.formats import ALIASES, READERS, read
from audit.importers.model import Imported, RefusedError, evidences
from audit.model import Evidence, State
from audit.probes import shelf
from audit.targets import Inventory, load_inventory
from rules.load import DataError, Problem, load


def register(commands: Any) -> None:
    """Add `import` below `audit`."""
    one = commands.add_parser("import", help="导入他人的结果 / import others' results")
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument("--format", choices=["auto", *READERS, *ALIASES], default="auto")
    one.add_argument("--target", default="", metavar="ID", help="对象 / the target it is about")
    one.add_argument("--inventory", type=Path, metavar="FILE", help="认地址和名称 / knows names")
    one.add_argument("--expect", type=Path, metavar="FILE", help="预期开放的端口 / expected ports")
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--sbom-47020", type=Path, metavar="FILE",
                     help="按 GB/T 47020 导出（未核实）/ as 47020, unverified")  # fmt: skip
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_import)


def _bad(place: object, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=str(place), line=1, column=1, message=message, remedy=remedy)])


def _import(options: argparse.Namespace) -> int:
    inventory = load_inventory(options.inventory) if options.inventory else Inventory()
    expected = load(nmap.Expected, options.expect) if options.expect else None
    maps, names = load_rule_maps(), known(inventory)
    told: list[dict[str, Any]] = []
    kept: list[Evidence] = []
    problems: list[Problem] = []
    for path in options.files:
        try:
            imported = _read(path, options.format)
            ours = named(imported, names, options.target, path.name)
        except DataError as error:
            problems += error.problems
            continue
        if expected is not None and imported.format == nmap.FORMAT:
            imported = nmap.against(imported, expected, ours)
        found = evidences(imported, taken=time.time(), names=ours, source=_source(path))
        kept += found
        told.append({"file": path.name, **described(imported, found, maps)})
        if options.sbom_47020:
            _export(options.sbom_47020, imported)
    if problems:
        raise DataError(problems)
    for one in kept if options.output else ():
        shelf.keep(options.output, one)
    if options.json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(line for one in told for line in _lines(one)) + "\n")
    return 0


def _read(path: Path, format_: str) -> Imported:
    try:
        with path.open("rb") as stream:
            return read(stream, format_)
    except RefusedError as error:
        raise _bad(path, str(error)) from error


def _source(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return f"{path.name} sha256:{digest.hexdigest()}"


def _export(path: Path, imported: Imported) -> None:
    if imported.format not in ("cyclonedx", "spdx"):
        raise _bad(path, "不是软件物料清单 / no bill of materials was imported")
    facts = next(iter(imported.facts.values()), {})
    made = sbom_47020.exported(facts, now=time.time())
    path.write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")


def known(inventory: Inventory) -> Mapping[str, str]:
    """Addresses, names and ids of the inventory → its targets; what is not unique is nobody's."""
    found: dict[str, set[str]] = {}
    for one in inventory.targets:
        for word in {one.id, one.name, one.address} - {""}:
            found.setdefault(word.lower(), set()).add(one.id)
    return {word: next(iter(ids)) for word, ids in found.items() if len(ids) == 1}


def named(
    imported: Imported, names: Mapping[str, str], target: str, file: str
) -> Mapping[str, str]:
    """Whom the file means → our target. Raises DataError where `--target` cannot mean several."""
    theirs = imported.targets
    if target:
        if len(theirs) > 1:
            few = ", ".join(theirs[:8])
            raise _bad(
                file,
                f"文件说的是 {len(theirs)} 个对象，不能都当作 `{target}` / about several: {few}",
                "--inventory 按地址和名称对应 / with their addresses and names",
            )
        return dict.fromkeys(theirs, target)
    ours = {one: names[one.lower()] for one in theirs if one.lower() in names}
    if "" in theirs and "" not in ours:
        raise _bad(file, "文件没有说是哪个对象 / it does not say which target", "--target ID")
    twice = [one for one, n in Counter(ours.values()).items() if n > 1]
    if twice:
        raise _bad(file, f"`{twice[0]}` 在文件中有两个名称 / is meant by two names in it")
    return ours


def described(
    imported: Imported, found: tuple[Evidence, ...], maps: Mapping[str, RuleMap]
) -> dict[str, Any]:
    """What came in, as JSON: every finding with the controls it speaks of; none: unmapped."""
    known_ = maps.get(imported.format)
    rows = [
        {
            "tool": one.tool, "rule": one.rule, "title": one.title, "state": one.state.value,
            "why": one.why.value if one.why else None, "severity": one.severity.value,
            "target": one.target, "detail": one.detail,
            "controls": list(known_.controls(one.rule)) if known_ else [],
        }
        for one in imported.findings
    ]  # fmt: skip
    return {
        "format": imported.format, "tool": imported.tool, "version": imported.version,
        "dated": imported.dated or None,
        "targets": [one.target for one in found],
        "evidence": [{"id": one.id, "target": one.target, "digest": one.digest} for one in found],
        "states": dict(Counter(one.state.value for one in imported.findings)),
        "mapped": sum(bool(one["controls"]) for one in rows),
        "unmapped": sum(not one["controls"] for one in rows),
        "notices": list(imported.notices),
        "findings": rows,
    }  # fmt: skip


def _lines(one: Mapping[str, Any]) -> list[str]:
    states = ", ".join(f"{name} {n}" for name, n in one["states"].items())
    lines = [
        f"{one['file']}: {one['format']} {one['tool']} {one['version']}  "
        f"{', '.join(one['targets'])}",
        f"  {len(one['findings'])} 条结果 findings: {states}",
        f"  {one['mapped']} 条可佐证条款 contribute; {one['unmapped']} 条未对应 unmapped",
        *(f"  ! {notice}" for notice in one["notices"]),
    ]
    bad = (State.FAIL.value, State.PARTIAL.value)
    for row in [each for each in one["findings"] if each["state"] in bad][:40]:
        clauses = ", ".join(control.rpartition(":")[2] for control in row["controls"])
        lines.append(f"  ✗ {row['rule']} [{row['severity']}] {row['title'][:90]}  {clauses or '—'}")
    return lines
