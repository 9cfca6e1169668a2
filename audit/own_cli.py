"""`qinglang audit probe-own` and `audit registers`: our own evidence as evidence. A door.

`probe-own` looks at a node of the gateway, at the school's registers and inventory, and at drill
results, and puts evidence and the targets it is of into a folder that `audit run` takes.
`registers` lists the registers and writes empty tables to fill in.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit.model import Evidence, ObjectClass, Target
from audit.probes import drill, shelf
from audit.probes.register import gather
from audit.registers import load_registers, template
from rules.load import DataError, Problem, WorldError

INVENTORY = "own.inventory.yaml"


def register(commands: Any) -> None:
    """Add both commands below `audit`."""
    made = commands.add_parser("probe-own", help="网关、台账与演练自身的证据 / our own evidence")
    made.add_argument("--node", type=Path, metavar="DIR", help="网关的数据目录 / data of a node")
    made.add_argument("--records", type=Path, metavar="DIR", help="台账目录 / the registers")
    made.add_argument("--inventory", type=Path, metavar="FILE", help="资产清单 / the inventory")
    made.add_argument("--runs", type=Path, metavar="DIR", help="历次证据目录 / evidence of runs")
    made.add_argument("--drills", type=Path, metavar="FILE", help="演练结果 / drill results")
    made.add_argument("--system", default="", metavar="ID", help="定级对象 / the system")
    made.add_argument("--output", type=Path, required=True, metavar="DIR")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=run_own)
    listed = commands.add_parser("registers", help="台账的格式与空表 / registers and empty tables")
    listed.add_argument(
        "--template", type=Path, metavar="DIR", help="写出空表 / write empty tables"
    )
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_registers)


def gathered(options: argparse.Namespace, now: float) -> Iterator[tuple[Target, Evidence]]:
    """Each target that is asked for, and its evidence. Raises DataError, WorldError."""
    if options.node is not None:
        try:
            from audit.probes.gateway.look import look  # an office has no gateway
        except ModuleNotFoundError as error:
            raise WorldError(f"网关未安装 / the gateway is not installed: {error}") from error
        target = Target(
            id="own-gateway",
            name="清朗网关",
            system=options.system,
            kind=ObjectClass.SECURITY_DEVICE,
            platform="qinglang",
            access={"via": "file", "file": str(options.node)},
        )
        yield target, look(target, now=now)
    if options.records or options.inventory or options.runs:
        target = _people("own-registers", "台账与记录", options.system, "register")
        yield (
            target,
            gather(
                target=target.id,
                now=now,
                records=options.records,
                inventory=options.inventory,
                runs=options.runs,
            ),
        )
    if options.drills is not None:
        target = _people("own-drills", "演练结果", options.system, "drill")
        data = options.drills.read_bytes()
        yield target, drill.read(data, target=target.id, taken=now, file=str(options.drills))


def _people(name: str, title: str, system: str, platform: str) -> Target:
    return Target(id=name, name=title, system=system, kind=ObjectClass.PEOPLE, platform=platform)


def run_own(options: argparse.Namespace) -> int:
    """Put the evidence and an inventory of its targets into a folder."""
    found = list(gathered(options, time.time()))
    if not found:
        message = "要看什么 what is to be looked at"
        remedy = "--node DIR, --records DIR, --inventory FILE, --runs DIR, --drills FILE"
        raise DataError(
            [Problem(file="audit probe-own", line=1, column=1, message=message, remedy=remedy)]
        )
    paths = [shelf.keep(options.output, evidence) for _, evidence in found]
    listing = options.output / INVENTORY
    listing.write_text(inventory(target for target, _ in found), encoding="utf-8")
    told = [
        {"target": target.id, "kind": target.kind.value, "probe": evidence.probe,
         "digest": evidence.digest, "problem": evidence.problem, "file": str(path),
         "gaps": (evidence.document or {}).get("gaps", [])}
        for (target, evidence), path in zip(found, paths, strict=True)
    ]  # fmt: skip
    if options.json:
        _print(json.dumps({"evidence": told, "inventory": str(listing)}, ensure_ascii=False))
    else:
        for one in told:
            _print(f"{one['target']:<14} {one['probe']:<9} {one['file']} {one['problem']}".strip())
        _print(
            f"qinglang audit run --evidence {options.output} --inventory {listing} "
            "→ 判定 / judges it"
        )
    return 3 if any(one["problem"] for one in told) else 0


def inventory(targets: Iterator[Target]) -> str:
    """The targets as an inventory that `audit run --inventory` reads."""
    lines = ["id: own", "targets:"]
    for one in targets:
        said = {"id": one.id, "name": one.name, "system": one.system, "kind": one.kind.value,
                "platform": one.platform}  # fmt: skip
        lines.append(f"  - {json.dumps(said, ensure_ascii=False)}")
    return "\n".join((*lines, ""))


def run_registers(options: argparse.Namespace) -> int:
    """List the registers, or write an empty table of each. A table that is there stays."""
    known = load_registers()
    if options.template is not None:
        options.template.mkdir(parents=True, exist_ok=True)
        for one in known.values():
            path = options.template / f"{one.id}.csv"
            if not path.exists():
                path.write_text(template(one), encoding="utf-8")
        _print(f"{len(known)} 张空表 empty tables → {options.template}")
    elif options.json:
        _print(
            json.dumps(
                [
                    {"id": one.id, "title": one.title.zh, "clauses": list(one.clauses),
                     "columns": [{"id": c.id, "title": c.title.zh, "kind": c.kind.value,
                                  "needed": c.needed,
                                  "values": {k: v.zh for k, v in c.values.items()}}
                                 for c in one.columns]}
                    for one in known.values()
                ],
                ensure_ascii=False,
                indent=1,
            )
        )  # fmt: skip
    else:
        for one in known.values():
            _print(f"{one.id:<18} {one.title.zh}（{one.title.en}）: {', '.join(one.clauses)}")
    return 0


def _print(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
