"""`qinglang events retain`: what is due for deletion, and deleting it on record.

By day files, or with --url by the seals of a database. Exit codes: 0 done · 2 bad
input · 3 the world failed. Nothing is decided here.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.commands import Commands, node_of
from gateway.evidence_cli import add, bad

if TYPE_CHECKING:
    from gateway.retain import Fate, Retention


def register_retain(kinds: Commands) -> None:
    """Add `retain` to `events`."""
    retain = add(kinds, "retain", _retain, "保存期限 what is due for deletion")
    deed = retain.add_mutually_exclusive_group()
    deed.add_argument("--dry-run", action="store_true", help="只列出 only list (the default)")
    deed.add_argument("--apply", action="store_true", help="签名记录后删除 record, then delete")
    retain.add_argument("--by", default="", help="操作人 who")
    retain.add_argument("--reason", default="超过保存上限 past the ceiling")


def _retain(options: argparse.Namespace) -> int:
    from gateway import retain
    from gateway.evidence import open_evidence, signing_of
    from gateway.findings import claims
    from gateway.rows import SHANGHAI

    node = node_of(options.data)
    if options.url:
        return _retain_rows(options)
    rules = retain.read_retention(node.data / retain.FILE)
    today = datetime.now(SHANGHAI).date()
    days = retain.plan(retain.day_files(node.events), today, rules)
    done = []
    if options.apply:
        if not options.by.strip():
            raise bad("请用 --by 写明操作人 / say who deletes: --by")
        known, _ = claims(open_evidence(node).chain)
        segments: dict[str, list[str]] = {}
        for name, claim in known.items():
            segments.setdefault(claim.day, []).append(name)
        done = retain.apply(
            days,
            sign=signing_of(node).sign,
            segments=segments,
            rules=rules,
            by=options.by,
            reason=options.reason,
        )
    listed = [(one.day, one.fate, one.hold, "files", len(one.files)) for one in days]
    return _retained(options, rules, listed, [(one.day, signed.seq) for one, signed in done])


def _retain_rows(options: argparse.Namespace) -> int:
    """The same in a database of many days."""
    from gateway import retain, retain_rows
    from gateway.evidence import open_evidence, signing_of
    from gateway.findings import Claims, claims
    from gateway.rows import SHANGHAI

    node = node_of(options.data)
    rules = retain.read_retention(node.data / retain.FILE)
    segment = retain_rows.segment_of(options.url)
    known, _ = claims(open_evidence(node).chain)
    claim = known.get(segment, Claims(day="", seals={}))
    days = retain_rows.plan_rows(claim, datetime.now(SHANGHAI).date(), rules)
    done = []
    if options.apply:
        if not options.by.strip():
            raise bad("请用 --by 写明操作人 / say who deletes: --by")
        done = retain_rows.apply_rows(
            options.url,
            days,
            segment=segment,
            claim=claim,
            sign=signing_of(node).sign,
            rules=rules,
            by=options.by,
            reason=options.reason,
        )
    listed = [(one.day, one.fate, one.hold, "rows", sum(one.rows.values())) for one in days]
    return _retained(options, rules, listed, [(one.day, signed.seq) for one, signed in done])


_FATES = {
    "floor": "期限内,不可删 within the floor",
    "kept": "保留 kept",
    "held": "依法保全 held",
    "due": "到期 due",
}


def _retained(
    options: argparse.Namespace,
    rules: Retention,
    days: list[tuple[str, Fate, str, str, int]],
    done: list[tuple[str, int]],
) -> int:
    """Tell the fate of each day, and what was deleted."""
    if options.json:
        told = {
            "rules": asdict(rules),
            "days": [
                {"day": day, "fate": decided, "hold": hold, what: count}
                for day, decided, hold, what, count in days
            ],
            "deleted": [{"day": day, "checkpoint": seq} for day, seq in done],
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    units = {"files": "文件 files", "rows": "行 rows"}
    for day, decided, hold, what, count in days:
        print(f"{day}  {_FATES[decided]} {hold}  {count} {units[what]}".rstrip())
    for day, seq in done:
        print(f"已删除 deleted {day}: 检查点 checkpoint {seq}")
    return 0
