"""`qinglang gateway order …` and `qinglang order override|list|revoke`: arguments in, text out."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from gateway.commands import Commands, command, node_of
from rules.model import APP

if TYPE_CHECKING:
    from gateway.orders import Orders
    from policies.model import Order

SHANGHAI = timezone(timedelta(hours=8))
_OVERRIDES = ("rewrite", "allow", "observe", "warn", "block")
_REWRITE = "默认 rewrite：放行，搜索与视频保持安全模式 / lets pass, SafeSearch stays on"


def register_orders(inner: Commands) -> None:
    """Add the `order` commands."""
    order = inner.add_parser("order", help="指令：临时放行、封堵等 / runtime orders")
    deeper = order.add_subparsers(dest="order_command", required=True, metavar="COMMAND")
    add = command(deeper, "add", _order_add, "下达 / give an order")
    add.add_argument("--action", required=True, help="allow, block, warn, …")
    add.add_argument(
        "--host", action="append", default=[], help="域名及其子域 / name with subdomains"
    )
    add.add_argument("--category", action="append", default=[])
    add.add_argument("--app", action="append", default=[], metavar="ID", help="应用 / an app")
    for scope in ("school", "group", "token"):
        add.add_argument(f"--{scope}", default="")
    add.add_argument("--pass-through", action="store_true", help="不解密 / pass undecrypted")
    add.add_argument("--issuer", required=True, help="下达人 / who gives it")
    add.add_argument("--approve", action="append", default=[], help="批准人 / who approved")
    add.add_argument("--source", required=True, help="依据 / statute, letter or case")
    add.add_argument("--clause", default="")
    add.add_argument("--starts", type=_when, default=0.0, metavar="2026-09-01T08:00")
    add.add_argument("--expires", type=_when, default=0.0, metavar="2026-09-30T18:00")
    add.add_argument("--note", default="")
    _list_and_revoke(deeper)


def register_overrides(commands: Commands) -> None:
    """Add `qinglang order`: what a teacher or school admin uses."""
    order = commands.add_parser("order", help="课堂临时放行等 / overrides for a class or device")
    deeper = order.add_subparsers(dest="order_command", required=True, metavar="COMMAND")
    add = command(deeper, "override", _override, "限时放行（或收紧） / for some minutes")
    add.add_argument("--school", default="", help="学校编号 / the school's id")
    add.add_argument("--group", default="", help="分组（班级） / group, class")
    device = add.add_mutually_exclusive_group()
    device.add_argument("--device", default="", metavar="ADDRESS", help="一台设备 / one device")
    device.add_argument("--token", default="", help="设备化名 / its pseudonym, from an event")
    add.add_argument("--minutes", type=int, required=True)
    add.add_argument("--host", action="append", default=[])
    add.add_argument("--category", action="append", default=[])
    add.add_argument("--app", action="append", default=[], metavar="ID", help="应用 / an app")
    add.add_argument("--action", choices=_OVERRIDES, default="rewrite", help=_REWRITE)
    add.add_argument("--office", choices=("teacher", "school"), default="teacher")
    add.add_argument("--issuer", required=True, help="下达人 / who gives it")
    add.add_argument("--reason", required=True, help="理由 / why")
    add.add_argument("--approve", action="append", default=[], help="批准人 / who approved")
    _list_and_revoke(deeper)


def _list_and_revoke(deeper: Commands) -> None:
    command(deeper, "list", _order_list, "列出 / list those that stand")
    revoke = command(deeper, "revoke", _order_revoke, "撤销 / revoke")
    revoke.add_argument("id")
    revoke.add_argument("--issuer", required=True)
    revoke.add_argument("--note", default="")


def _when(text: str) -> float:
    """An ISO date and time (Asia/Shanghai where no zone is said) → Unix seconds."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"`{text}` is not like 2026-09-01T08:00") from error
    return (found if found.tzinfo else found.replace(tzinfo=SHANGHAI)).timestamp()


def _orders(options: argparse.Namespace) -> Orders:
    from gateway.authority import private_folder
    from gateway.orders import Orders
    from gateway.reload import orders_file

    node = node_of(options.data)
    private_folder(node.data)
    return Orders(orders_file(node))


def _order_add(options: argparse.Namespace) -> int:
    from gateway.orders import parse_order
    from gateway.override import canonical_hosts

    try:
        order = parse_order(
            {
                "id": _fresh_id(),
                "action": options.action,
                "basis": {"source": options.source, "clause": options.clause},
                "issuer": options.issuer,
                "hosts": list(canonical_hosts(options.host)),
                "categories": [*options.category, *(APP + one for one in options.app)],
                "school": options.school,
                "group": options.group,
                "token": options.token,
                "pass_through": options.pass_through,
                "approvals": options.approve,
                "starts": options.starts,
                "expires": options.expires,
                "note": options.note,
            }
        )
        if not order.hosts and not order.categories:
            raise ValueError("--host 或 --category 至少一个 / at least one --host or --category")
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2
    return _give(options, order)


def _override(options: argparse.Namespace) -> int:
    from gateway.override import Override, device, override_order
    from policies.model import Action, Office

    school, group, token = options.school, options.group, options.token
    try:
        if options.device:
            found = device(node_of(options.data), options.device)
            if school and found.school != school:
                raise ValueError(
                    f"{options.device} 属于学校 `{found.school}` / belongs to `{found.school}`"
                )
            school, token = found.school, found.token
        asked = Override(
            issuer=options.issuer,
            reason=options.reason,
            minutes=options.minutes,
            office=Office(options.office),
            action=Action(options.action),
            school=school,
            group=group,
            token=token,
            hosts=tuple(options.host),
            categories=(*options.category, *(APP + one for one in options.app)),
            approvals=tuple(options.approve),
        )
        order = override_order(asked, order_id=_fresh_id(), now=time.time())
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2
    return _give(options, order)


def _fresh_id() -> str:
    return f"order-{datetime.now(SHANGHAI):%Y%m%d}-{secrets.token_hex(4)}"


def _give(options: argparse.Namespace, order: Order) -> int:
    """Write an Order down if the policies admit it; exit code 2 and every objection if not."""
    from gateway.override import admit

    try:
        problems = admit(node_of(options.data), order)
        for problem in problems:
            print(f"qinglang: {problem}", file=sys.stderr)
        if problems:
            return 2
        _orders(options).add(order)
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2
    print(json.dumps(asdict(order), ensure_ascii=False, indent=1) if options.json else order.id)
    return 0


def _order_list(options: argparse.Namespace) -> int:
    book = _orders(options).book(time.time())
    for problem in book.problems:
        print(problem, file=sys.stderr)
    if options.json:
        told = [asdict(order) for order in book.orders]
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    for order in book.orders:
        until = "—" if not order.expires else f"{datetime.fromtimestamp(order.expires, SHANGHAI)}"
        what = " ".join((*order.hosts, *order.categories))
        print(f"{order.id}  {order.action:<8} {what}  {order.issuer}  → {until}")
    return 0


def _order_revoke(options: argparse.Namespace) -> int:
    try:
        _orders(options).revoke(
            options.id, issuer=options.issuer, at=time.time(), note=options.note
        )
    except KeyError:
        print(f"qinglang: 没有这个指令 / no such order: {options.id}", file=sys.stderr)
        return 2
    return 0
