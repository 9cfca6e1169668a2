"""`qinglang data unmask ask|approve|open`: masked values back, under two approvals.

Masked values come from a file, one a line; originals go to standard output and nowhere else.
Exit codes: 0 done · 2 refused or bad input · 3 the signer does not answer.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.lifecycle.recording import add_record, recording
from rules.load import DataError, Problem

if TYPE_CHECKING:
    from audit.lifecycle.unmask import Open


def register(commands: Any) -> None:
    """Add `unmask` below `data`."""
    room = commands.add_parser("unmask", help="还原，须两人批准 / reverse, under two approvals")
    subs = room.add_subparsers(dest="unmask_command", required=True, metavar="COMMAND")
    one = subs.add_parser("ask", help="申请 / put a request on record")
    one.add_argument("--reason", required=True)
    one.add_argument("--hours", type=float, default=24.0, help="有效期 hours it stands (24)")
    _common(one)
    two = subs.add_parser("approve", help="批准 / approve with your key")
    two.add_argument("request", metavar="ID")
    two.add_argument("--name", required=True)
    two.add_argument("--key", type=Path, required=True, metavar="PEM")
    two.add_argument("--data", type=Path, default=Path("var"))
    two.set_defaults(run=_approve)
    three = subs.add_parser("open", help="还原 / open what two approved")
    three.add_argument("request", metavar="ID")
    three.add_argument("--approve", action="append", default=[], metavar="NAME:SIGNATURE")
    three.add_argument("--key-file", type=Path, required=True)
    three.add_argument("--policy", required=True, metavar="ID|FILE")
    three.add_argument("--algorithm", choices=("seal", "ff1", "token"), required=True)
    three.add_argument("--kind", default="", help="FF1: 列的类别 the column's kind")
    three.add_argument("--vault", type=Path)
    three.add_argument("--why", default="", help="用途 why; else the request's reason")
    _common(three)
    add_record(three, by=False, why=False)
    one.set_defaults(run=_ask)
    three.set_defaults(run=_open)


def _common(parser: Any) -> None:
    parser.add_argument("values", type=Path, metavar="FILE", help="每行一个脱敏值 one a line")
    parser.add_argument("--column", required=True, metavar="TABLE.COLUMN")
    parser.add_argument("--by", required=True)
    parser.add_argument("--data", type=Path, default=Path("var"), help="节点目录 the node's folder")
    parser.add_argument("--json", action="store_true")


def _bad(message: str, file: str = "unmask") -> DataError:
    return DataError([Problem(file=file, line=1, column=1, message=message)])


def _values(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, UnicodeDecodeError):
        raise _bad("读不到 cannot be read", path.name) from None


def _ask(options: argparse.Namespace) -> int:
    from audit.lifecycle import unmask
    from gateway.commands import node_of
    from gateway.evidence import signing_of

    try:
        request = unmask.ask(
            _values(options.values),
            column=options.column,
            reason=options.reason,
            by=options.by,
            hours=options.hours,
            identifier=secrets.token_hex(5),
            sign=signing_of(node_of(options.data)).sign,
        )
    except unmask.RefusedError as error:
        raise _bad(str(error)) from None
    found = {"request": request.id, "needed": unmask.NEEDED}
    print(json.dumps(found) if options.json else
          f"申请 request {request.id}：需 {unmask.NEEDED} 人批准 approvals are needed")  # fmt: skip
    return 0


def _approve(options: argparse.Namespace) -> int:
    from audit.lifecycle import unmask
    from gateway.commands import node_of
    from gateway.evidence import open_evidence
    from gateway.reveal_cli import private_key

    try:
        chain = open_evidence(node_of(options.data)).chain.checkpoints
        request, _ = unmask.find(chain, options.request)
    except unmask.RefusedError as error:
        raise _bad(str(error)) from None
    print(unmask.approve(request, options.name, private_key(options.key)))
    return 0


def _open(options: argparse.Namespace) -> int:
    from audit.lifecycle import unmask
    from gateway.commands import node_of
    from gateway.evidence import open_evidence, signing_of
    from gateway.reveal import book

    node = node_of(options.data)
    chain = open_evidence(node).chain.checkpoints
    try:
        request, used = unmask.find(chain, options.request)
        options.approval = options.approval or request.id
        why = options.why or request.reason
        with recording(
            options, "unmask", [str(options.values)], fields=[options.column], why=why
        ) as use:
            values = _values(options.values)
            found = unmask.reverse(
                request,
                values,
                used=used,
                approvals=options.approve,
                known=book(chain).approvers,
                by=options.by,
                now=time.time(),
                sign=signing_of(node).sign,
                opened=_opener(options),
            )
            use.subjects = sum(one is not None for one in found)
    except unmask.RefusedError as error:
        raise _bad(str(error)) from None
    if options.json:
        print(json.dumps({"values": found}, ensure_ascii=False))
    else:
        for one in found:
            print(one if one is not None else "✗ 无法还原 cannot be reversed")
    return 0


def _opener(options: argparse.Namespace) -> Open:
    """What opens one value of the column."""
    from audit.lifecycle import key_files
    from audit.lifecycle.vault import SealedVault
    from policies.masks_files import load_mask
    from policies.masks_keyed import unff1, unseal
    from policies.masks_model import Context, Ff1, Seal, Trouble
    from rules.recognise.personal.kinds import Kind

    keys = key_files.read(options.key_file)
    policy, _ = load_mask(options.policy)
    table, _, column = options.column.partition(".")
    try:
        kind = Kind(options.kind) if options.kind else None
    except ValueError:
        raise _bad("没有这一类 no such kind", "--kind") from None
    mask = policy.masks.get(kind) if kind else None
    context = Context(purpose=policy.purpose, keys=keys, dataset=table, column=column, kind=kind)
    if options.algorithm == "token":
        if options.vault is None or not options.vault.is_file():
            raise _bad("没有保险库 there is no vault", "--vault")
        return SealedVault(options.vault, keys, policy.purpose).original
    one = (
        unseal(mask.seal if mask else Seal(), context)
        if options.algorithm == "seal"
        else unff1(mask.ff1 if mask else Ff1(), context)
    )

    def opened(value: str) -> str | None:
        found = one(value)
        return None if isinstance(found, Trouble) else str(found)

    return opened
