"""`qinglang data destroy approve|revoke|status|run|verify`: a plan agreed to, done, proved.

Exit codes: 0 done, or the certificate holds · 1 refused, or something does not hold · 2 bad
input · 3 the world failed; what was done until then is in the book. A door.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.lifecycle.acting import acting, add_book, book_of, today, wrong
from audit.lifecycle.recording import recording
from audit.lifecycle.retain_cli import databases, key_name, pairs, secret_of, sources

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit.lifecycle.destroying import Plan
    from audit.lifecycle.retain import Read


def register(commands: Any) -> None:
    """Add `destroy` below `data`."""
    room = commands.add_parser("destroy", help="销毁与证明 / destroy, with proof")
    subs = room.add_subparsers(dest="destroy_command", required=True, metavar="COMMAND")
    one = _plan(subs.add_parser("approve", help="批准 (两人) / approve; two people"))
    one.add_argument("--rules", type=Path, required=True, metavar="RULES")
    one.add_argument("--days", type=float, default=7.0, help="有效期 days it stands (7)")
    one.set_defaults(run=run_approve)
    _plan(subs.add_parser("revoke", help="撤回批准 / take it back")).set_defaults(run=run_revoke)
    _plan(subs.add_parser("status", help="进度 / how far it is")).set_defaults(run=run_status)
    two = _plan(subs.add_parser("run", help="执行 / carry it out"))
    two.add_argument("--rules", type=Path, required=True, metavar="RULES")
    sources(two)
    two.add_argument("--rewrite", action="store_true",
                     help="重写表文件 (锁表) VACUUM FULL, OPTIMIZE: locks the tables")  # fmt: skip
    two.add_argument("--why", default="", metavar="TEXT", help="用途 why")
    two.add_argument("--batch", type=int, default=1000, metavar="ROWS")
    two.add_argument("--out", type=Path, required=True, metavar="CERTIFICATE.json")
    two.set_defaults(run=run_run)
    three = subs.add_parser("verify", help="核验证书并再看一遍 / verify, and look again")
    three.add_argument("file", type=Path)
    three.add_argument("--key", type=Path, metavar="PEM", help="信任的公钥 the public key trusted")
    three.add_argument("--book", type=Path, metavar="DIR")
    three.add_argument("--db", action="append", default=[], metavar="NAME=URL")
    three.add_argument("--json", action="store_true")
    three.set_defaults(run=run_verify)


def _plan(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    one.add_argument("plan", type=Path, metavar="PLAN.json")
    add_book(one)
    one.add_argument("--json", action="store_true")
    return one


def _say(options: argparse.Namespace, told: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(" · ".join(f"{key} {value}" for key, value in told.items()))


def _refused(options: argparse.Namespace, why: object) -> int:
    _say(options, {"refused": f"拒绝 refused: {why}"} if options.json else {"✗": str(why)})
    return 1


def _read(path: Path) -> Plan:
    from audit.lifecycle.destroying import plan_of
    from rules.load import read_text

    return plan_of(read_text(path), path.name)


def run_approve(options: argparse.Namespace) -> int:
    """One person's yes. 1: this person may not, or the holds are not those of the plan."""
    from audit.lifecycle.destroy import holds_again
    from audit.lifecycle.destroying import (
        APPROVED,
        RefusedError,
        approvals,
        digest_of,
        may_approve,
    )
    from audit.lifecycle.retain import read_rules

    rules = read_rules(options.rules)
    try:
        plan = _read(options.plan)
        digest = digest_of(plan)
        with acting(options) as act:
            secret = _same_book(plan, act.session.key)
            standing = approvals(act.records, digest, time.time())
            may_approve(plan, act.actor, options.days, standing)
            lifted, new = holds_again(plan, rules, today(), secret)
            if lifted:
                raise RefusedError(f"查封已变更 holds were changed or lifted: {', '.join(lifted)}")
            act.write(APPROVED, {"plan": digest, "days": options.days, "holds_since": new})
    except RefusedError as error:
        return _refused(options, error)
    count = len(standing) + 1
    _say(options, {"plan": digest, "approvals": count, "needed": 2, "holds_since": new})
    return 0


def _same_book(plan: Plan, signer: Ed25519PrivateKey) -> bytes:
    from audit.lifecycle.destroying import RefusedError

    secret, key = secret_of(signer)
    if key != plan.book:
        raise RefusedError("计划属于另一本簿册 the plan was made with another book: --book")
    return secret


def run_revoke(options: argparse.Namespace) -> int:
    """Take an approval back."""
    from audit.lifecycle.destroying import REVOKED, RefusedError, approvals, digest_of

    try:
        digest = digest_of(_read(options.plan))
        with acting(options) as act:
            before = approvals(act.records, digest, time.time())
            record = act.write(REVOKED, {"plan": digest})
            after = approvals((*act.records, record), digest, time.time())
    except RefusedError as error:
        return _refused(options, error)
    if before == after:
        return _refused(options, "此人没有有效的批准 this person has no approval that stands")
    _say(options, {"plan": digest, "revoked": act.actor.id})
    return 0


def run_status(options: argparse.Namespace) -> int:
    """Approvals and, set by set, what the book says was done."""
    from audit.lifecycle.destroying import RefusedError, approvals, digest_of, progress

    try:
        plan = _read(options.plan)
    except RefusedError as error:
        return _refused(options, error)
    digest, records = digest_of(plan), book_of(options).records()
    for one in approvals(records, digest, time.time()):
        until = dt.datetime.fromtimestamp(one.until, dt.UTC).isoformat(timespec="minutes")
        _say(options, {"approved": one.by, "until": until})
    for set_ in plan.sets:
        found = progress(records, digest, set_.id)
        state = "finished" if found.finished else "begun" if found.begun else "not begun"
        told = {"set": set_.id, "state": state, "done": found.done.count,
                "in_doubt": found.doubt.count if found.doubt else 0}  # fmt: skip
        _say(options, told)
    return 0


def _rules(path: Path) -> Callable[[], Read]:
    """The rules, read anew whenever the file is another."""
    from audit.lifecycle.retain import read_rules

    kept: dict[tuple[int, int, int], Read] = {}

    def read() -> Read:
        told = path.stat() if path.exists() else None
        mark = (told.st_ino, told.st_size, told.st_mtime_ns) if told else (0, 0, 0)
        if mark not in kept:
            kept.clear()
            kept[mark] = read_rules(path)
        return kept[mark]

    return read


def run_run(options: argparse.Namespace) -> int:
    """Carry it out. 1: refused, or something planned was not done."""
    from audit.lifecycle.destroy import Order, run
    from audit.lifecycle.destroying import RefusedError, digest_of

    if not 1 <= options.batch <= 10_000:
        raise wrong("--batch", "1–10000")
    book = book_of(options)
    folders = {name: Path(one) for name, one in pairs(options.folder, "--folder").items()}
    keys = {key_name(one[0], one[3]): (Path(one[2]), Path(one[3])) for one in options.erase_key}
    try:
        plan = _read(options.plan)
        secret = _same_book(plan, book.key())
        missing = [one.id for one in plan.keys if one.id not in keys]
        if missing:
            raise RefusedError(f"未给出 not given: --erase-key ({missing[0]})")
        with acting(options, whole=False) as act:
            by = act.actor.id
        fields = [f"{one.table}.{one.column}" for one in plan.rows]
        why = options.why or "到期销毁 retention"
        with (
            recording(options, "destroy", _places(options), fields=fields, why=why) as use,
            databases(options.db, write=True) as found,
        ):
            use.approval = digest_of(plan)
            paper = run(Order(
                plan=plan, rules=_rules(options.rules), databases=found, folders=folders,
                keys=keys, book=book, secret=secret, by=by, now=time.time,
                rewrite=options.rewrite, tell=_teller(), size=options.batch,
            ))  # fmt: skip
            use.subjects = sum(one["done"] for one in json.loads(paper)["sets"])
    except RefusedError as error:
        return _refused(options, error)
    options.out.write_text(paper, encoding="utf-8")
    body = json.loads(paper)
    if options.json:
        print(paper, end="")
    else:
        _told(body)
        print(f"证书 certificate: {options.out}")
    return 1 if any(one.get("blocked") for one in body["sets"]) else 0


def _places(options: argparse.Namespace) -> list[str]:
    """What is opened: databases, folders, key files."""
    found = [*pairs(options.db, "--db").values(), *pairs(options.folder, "--folder").values()]
    return [*found, *(one[2] for one in options.erase_key)]


def _teller() -> Callable[[str, int, int], None]:
    shown = sys.stderr.isatty()

    def tell(set_: str, done: int, whole: int) -> None:
        if shown:
            print(f"\r{set_}: {done:,}/{whole:,}", end="", file=sys.stderr, flush=True)

    return tell


def _told(body: dict[str, Any]) -> None:
    for one in body["sets"]:
        verb = "已清空 emptied" if one.get("blank") else "已销毁 destroyed"
        print(f"{one['id']}: {verb} {one['done']:,} · 保留 kept {one.get('kept', 0):,}")
        for why in one.get("blocked", ()):
            print(f"  ✗ {why}")
        for trace in one.get("traces", ()):
            print(f"  {_trace(trace)}")


def _trace(one: dict[str, Any]) -> str:
    until = f" {one['until'] or '日期不明 no day known'}" if one["state"] == "remains" else ""
    return f"{one['level']} {one['where']}: {one['state']}{until} {one['note']}".rstrip()


def run_verify(options: argparse.Namespace) -> int:
    """0: the signature holds, the book is whole and has it, and no query finds it again."""
    from audit.lifecycle.destroy_verify import verified
    from audit.lifecycle.mask_cli import _public as public_key
    from rules.load import read_text

    with databases(options.db, write=False) as found:
        body, wrong_, looked = verified(
            read_text(options.file),
            trusted=public_key(options.key) if options.key else None,
            book=options.book,
            databases=found,
        )
    if options.json:
        told = {"holds": not wrong_, "wrong": wrong_, "trusted": options.key is not None,
                "looked": looked, "body": body}  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))
        return 1 if wrong_ else 0
    for one in wrong_:
        print(f"✗ {one}")
    if not wrong_:
        print("✓ 证书成立 the certificate holds")
    if options.key is None:
        print("  未指定信任的公钥 --key：只说明未被改动 no trusted key: it only was not changed")
    if body and not wrong_:
        _told(body)
    for name, lines in looked.items():
        print(f"{name} 再看 looked at again:")
        for trace in lines:
            print(f"  {_trace(trace)}")
    return 1 if wrong_ else 0
