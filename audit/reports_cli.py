"""`qinglang audit report`: one run as HTML, DOCX, PDF, XLSX, CSV, JSON, OSCAL, XCCDF, SARIF, JUnit.

A door: reads the run (a recorded one, or a folder of evidence that is judged now), the inventory
and earlier reports, and writes one file that only its owner can read. `report open` opens a
sealed one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.catalog import Catalog, load_catalog
from audit.gather import of_system
from audit.model import Organisation, System
from audit.record import Beside as Recorded
from audit.report_source import (
    Found,
    from_evidence,
    from_file,
    from_store,
    read_bytes,
    read_json,
    wrong,
)
from audit.reports.assemble import NOBODY, Beside, assemble
from audit.reports.earlier import earlier_of
from audit.reports.envelope import (
    EnvelopeError,
    open_with,
    open_with_passphrase,
    private_of,
    public_of,
    seal_for,
    seal_with_passphrase,
    strong,
)
from audit.reports.formats import DRAWERS, drawer
from audit.reports.mask import mask
from audit.reports.model import LABEL
from audit.reports.narrow import narrow, own
from audit.run import Run
from audit.targets import Inventory, load_inventory, within
from audit.yardsticks import Yardsticks, load_answers, load_yardsticks


def register(commands: Any) -> None:
    """Add `report` and `report open` below `audit`."""
    made = commands.add_parser("report", help="出报告 / write a report")
    made.add_argument("--format", choices=sorted(DRAWERS), default="html")
    made.add_argument("--run", dest="record", default="", metavar="FILE|ID",
                      help="已保存的一次运行 / a recorded run, or its id in the store")  # fmt: skip
    made.add_argument(
        "--evidence", type=Path, metavar="DIR", help="证据目录，现在判定 / evidence, judged now"
    )
    made.add_argument("--store", default="", metavar="F", help="审计库 / the audit store")
    made.add_argument("--store-key", type=Path, metavar="FILE", help="库的密钥 / its key file")
    made.add_argument(
        "--assessment", default="", metavar="ID", help="评估，取最近一次 / the newest"
    )
    made.add_argument("--inventory", type=Path, metavar="FILE", help="资产清单 / the inventory")
    made.add_argument("--system", default="", metavar="ID", help="定级对象 / the system")
    made.add_argument(
        "--organisation", default="", metavar="ID", help="只含该单位的对象 / its targets only"
    )
    made.add_argument("--level", type=int, choices=range(1, 5))
    made.add_argument(
        "--risk-answers", type=Path, metavar="FILE", help="风险的人工判定 / decisions on risks"
    )
    made.add_argument("--previous", type=Path, action="append", default=[], metavar="FILE",
                      help="以前的 JSON 报告，画趋势 / earlier JSON reports")  # fmt: skip
    made.add_argument("--masked", action="store_true", help="脱敏 / labels for names, addresses")
    made.add_argument("--label", default=LABEL, help="密级标识 / the classification label")
    made.add_argument(
        "--encrypt-to", type=Path, metavar="FILE.pub", help="收件人 X25519 公钥 / recipient"
    )
    made.add_argument("--passphrase-env", default="", metavar="NAME", help="口令所在的环境变量")
    made.add_argument("--output", type=Path, metavar="FILE")
    made.set_defaults(run=run_report)
    inner = made.add_subparsers(dest="report_command", required=False, metavar="open")
    opened = inner.add_parser("open", help="打开加密的报告 / open a sealed report")
    opened.add_argument("file", type=Path)
    opened.add_argument("--key", type=Path, metavar="FILE", help="X25519 私钥 / private key (PEM)")
    opened.add_argument("--passphrase-env", default="", metavar="NAME")
    opened.add_argument("--output", type=Path, required=True, metavar="FILE")
    opened.set_defaults(run=run_open)


def run_report(options: argparse.Namespace) -> int:
    """Write one report. 0: it is there, whatever it says."""
    sources = bool(options.evidence) + bool(options.store or options.record)
    if options.output is None or sources != 1:
        raise wrong(
            "audit report",
            "缺少来源或输出 what to report on (one of them), and where to",
            "--run FILE, --store F --assessment ID or --evidence DIR; --output F",
        )
    now = time.time()
    inventory = load_inventory(options.inventory) if options.inventory else Inventory()
    if not options.store or options.inventory:
        _known(options, inventory)
    earlier = tuple(earlier_of(read_json(one), str(one)) for one in options.previous)
    seal = _sealer(options)
    catalog, yardsticks = load_catalog(), load_yardsticks()
    found = _found(options, inventory, catalog, yardsticks, now)
    run = found.run
    if found.inventory and not options.inventory:
        inventory = found.inventory
        _known(options, inventory)
    beside = beside_of(inventory, run, options.system, options.organisation, found.recorded)
    if options.organisation:
        keep = own(run, options.organisation, inventory.organisations, inventory.systems)
        if not keep:
            raise wrong(str(options.inventory or "audit report"),
                         f"单位 `{options.organisation}` 没有对象 has no target in this run",
                         "--inventory FILE")  # fmt: skip
        run = narrow(run, keep, aggregation=yardsticks.aggregation, scoring=yardsticks.scoring)
    if options.risk_answers:
        answers = load_answers(options.risk_answers, yardsticks)
        known = {one.id for one in run.targets} | {""}
        beside = replace(beside, risk_answers=tuple(a for a in answers if a.target in known))
    if not options.organisation:  # earlier runs count the targets of all
        earlier = (*found.earlier, *earlier)
    mine = {one.id for one in run.targets} | ({""} if not options.organisation else set())
    repairs = tuple(one for one in found.repairs if one.target in mine)
    beside = replace(beside, earlier=earlier, repairs=repairs)
    report = assemble(run, checks=found.checks, catalog=catalog, yardsticks=yardsticks, now=now,
                      beside=beside, label=options.label)  # fmt: skip
    content = seal(drawer(options.format)(mask(report) if options.masked else report))
    write(options.output, content)
    _say(f"{options.output}: {len(content)} 字节 bytes, {options.format}")
    return 0


def run_open(options: argparse.Namespace) -> int:
    """Open a sealed report into a file. Exit 2: wrong key, or not a sealed report."""
    data = read_bytes(options.file)
    try:
        if options.key:
            opened = open_with(data, private_of(read_bytes(options.key)))
        else:
            opened = open_with_passphrase(data, _passphrase(options.passphrase_env))
    except EnvelopeError as error:
        raise wrong(str(options.file), str(error)) from error
    write(options.output, opened.content)
    _say(f"{options.output}: {len(opened.content)} 字节 bytes, {opened.format[:20]}")
    return 0


def _known(options: argparse.Namespace, inventory: Inventory) -> None:
    for option, name, there in (
        ("--system", options.system, {one.id for one in inventory.systems}),
        ("--organisation", options.organisation, {one.id for one in inventory.organisations}),
    ):
        if name and name not in there:
            raise wrong(
                option, f"`{name}` 不在资产清单中 is not in the inventory", "--inventory FILE"
            )


def beside_of(
    inventory: Inventory, run: Run, system: str, organisation: str, recorded: Recorded
) -> Beside:
    """Who and what the report is about, as the record or else the inventory tells it."""
    units = {one.id: one for one in inventory.organisations}
    systems = {one.id: one for one in inventory.systems}
    used = list(dict.fromkeys(one.system for one in run.targets if one.system in systems))
    named: System | None = systems.get(system or (used[0] if len(used) == 1 else ""))
    named = named or recorded.system
    unit: Organisation | None = units.get(organisation or (named.organisation if named else ""))
    unit = unit or recorded.organisation or NOBODY
    above = units.get(unit.above)
    return Beside(
        organisation=unit,
        above=above.name if above else "",
        system=named,
        assessment=recorded.assessment,
    )


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, for the owner's eyes only."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)
        file.write(content)
    part.replace(path)


def _found(
    options: argparse.Namespace,
    inventory: Inventory,
    catalog: Catalog,
    yardsticks: Yardsticks,
    now: float,
) -> Found:
    if options.store:
        return from_store(
            options.store, options.store_key, assessment=options.assessment, name=options.record
        )
    if options.record:
        return from_file(Path(options.record))
    level = options.level
    if options.system:
        ids = tuple(one.id for one in inventory.targets if one.system == options.system)
        graded = next(one.level for one in inventory.systems if one.id == options.system)
        inventory, level = within(inventory, ids), level or graded
    return from_evidence(
        options.evidence, inventory, catalog=catalog, yardsticks=yardsticks, now=now,
        level=level or 3, mine=lambda seen: of_system(options, seen),
    )  # fmt: skip


def _sealer(options: argparse.Namespace) -> Callable[[bytes], bytes]:
    """How the file is sealed; keys and passphrases are looked at before anything is judged."""
    try:
        if options.encrypt_to:
            recipient = public_of(read_bytes(options.encrypt_to))
            return lambda content: seal_for(content, recipient, format=options.format)
        if options.passphrase_env:
            told = strong(_passphrase(options.passphrase_env))
            return lambda content: seal_with_passphrase(content, told, format=options.format)
    except EnvelopeError as error:
        raise wrong(str(options.encrypt_to or options.passphrase_env), str(error)) from error
    return lambda content: content


def _passphrase(name: str) -> str:
    """The passphrase of an environment variable. Raises DataError where it is not set."""
    told = os.environ.get(name, "") if name else ""
    if not told:
        raise wrong("--passphrase-env", "环境变量未设置 the variable is not set, or not named")
    return told


def _say(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
