"""`qinglang identity import|list|rotate|status`: arguments in, text out. Names are never shown."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import Commands, command, node_of
from rules.load import WorldError

if TYPE_CHECKING:
    from gateway.identity.known import Known
    from gateway.node import Node

PATIENCE = 10.0  # seconds `list` waits for the service


def register_identity(commands: Commands) -> None:
    """Add `identity` and its commands."""
    identity = commands.add_parser("identity", help="身份：名册、网段、会话 / who is behind an IP")
    inner = identity.add_subparsers(dest="identity_command", required=True, metavar="COMMAND")
    bring = command(inner, "import", _import, "导入 CSV / import a CSV, whole or not at all")
    bring.add_argument("table", choices=("roster", "hosts", "prefixes"))
    bring.add_argument("file", type=Path)
    bring.add_argument("--check", action="store_true", help="只检查 / look, do not import")
    command(inner, "list", _list, "当前会话（化名）/ sessions by pseudonym")
    turn = command(inner, "rotate", _rotate, "更换化名密钥 / begin new pseudonyms")
    turn.add_argument("--school", default="", help="学校编号（空：无学校者）/ its id")
    turn.add_argument("--issuer", required=True, help="经办人 / who does it")
    turn.add_argument("--reason", required=True, help="理由 / why")
    command(inner, "status", _status, "状态 / what is heard and known")


def _import(options: argparse.Namespace) -> int:
    """Exit code 0 imported, 2 a line is wrong (nothing changed)."""
    from gateway.identity.book import day
    from gateway.identity.files import Folder, Table
    from gateway.identity.seal import NAMES_KEY, Seal, ensure_key
    from gateway.identity.tables import read_hosts, read_prefixes, read_roster

    node = node_of(options.data)
    table, today = Table(options.table), day(time.time())
    data = options.file.read_bytes()
    if options.check:
        if table is Table.ROSTER:
            rows = len(read_roster(data, str(options.file), today).persons)
        else:
            read = read_hosts if table is Table.HOSTS else read_prefixes
            rows = len(read(data, str(options.file)))
    else:
        folder = Folder(node.data / "identity", Seal(ensure_key(node.data / "keys" / NAMES_KEY)))
        rows = folder.put(table, data, str(options.file), today)
    if options.json:
        print(json.dumps({"table": str(table), "rows": rows, "imported": not options.check}))
    else:
        done = "没有错误 / nothing is wrong" if options.check else "已导入 / imported"
        print(f"{table}: {rows} 行 / rows: {done}")
    return 0


def _list(options: argparse.Namespace) -> int:
    found = list(_sessions(_known(node_of(options.data))))
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for one in found:
        who = " ".join(filter(None, (one["school"], one["stage"], one["tier"], one["group"])))
        until = time.strftime("%H:%M:%S", time.localtime(one["expires"]))
        print(f"{one['address']:<40} {one['token']:<20} {one['role']:<8} {who}  "
              f"{one['source']} {one['confidence']:.2f}  → {until}")  # fmt: skip
    return 0


def _known(node: Node) -> Known:
    """Follow the running service until it has told everything once. Raises WorldError."""
    from gateway.identity.follow import SOCKET, IdentityFollower, first_known

    follower = IdentityFollower(node.run / SOCKET, first_known(node), lambda: first_known(node))
    follower.start()
    try:
        if not follower.complete(PATIENCE if (node.run / SOCKET).exists() else 0.0):
            raise WorldError("身份服务没有应答 / the identity service does not answer")
    finally:
        follower.close()
    return follower.known


def _sessions(known: Known) -> Iterator[dict[str, Any]]:
    for name, bound in sorted(known.sessions.items()):
        subject = bound.subject
        yield {
            "address": name,
            "token": subject.token,
            "school": subject.school,
            "stage": str(subject.stage),
            "tier": str(subject.tier),
            "role": str(subject.role),
            "group": subject.group,
            "segment": subject.segment,
            "source": subject.source,
            "confidence": subject.confidence,
            "expires": bound.expires,
        }


def _rotate(options: argparse.Namespace) -> int:
    from gateway.identity.follow import PSEUDONYMS
    from gateway.identity.pseudonyms import rotate
    from gateway.writer import alone

    folder = node_of(options.data).data / "keys" / PSEUDONYMS
    try:
        with alone(folder / "rotate.lock"):
            epoch = rotate(
                folder,
                options.school,
                now=time.time(),
                issuer=options.issuer,
                reason=options.reason,
            )
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2
    told = {"school": epoch.school, "epoch": epoch.number, "since": epoch.since}
    if options.json:
        print(json.dumps(told))
    else:
        print(f"{epoch.school or '—'}: 第 {epoch.number} 期已启用，旧密钥保留 / epoch in use, "
              "the old keys are kept")  # fmt: skip
    return 0


def _status(options: argparse.Namespace) -> int:
    """Exit code 0 well, 1 there are problems, 3 the service does not run."""
    from gateway.identity.service import API_KEY, STATUS
    from gateway.status import read_status
    from gateway.up import running

    node = node_of(options.data)
    found = read_status(node.run / STATUS) if running(node) else {}
    if options.json:
        print(json.dumps({"running": bool(found), **found}, ensure_ascii=False, indent=1))
    elif not found:
        print("身份服务未运行 / the identity service does not run")
    else:
        print("\n".join(_lines(found)))
        if found["api"]:
            print(f"门户密钥 / portal key: {node.data / 'keys' / API_KEY}（xxd -p -c 64 FILE）")
    return 3 if not found else 1 if found["problems"] else 0


def _lines(found: dict[str, Any]) -> Iterator[str]:
    def counts(table: dict[str, int]) -> str:
        return " ".join(f"{name}={count}" for name, count in table.items() if count) or "—"

    yield f"RADIUS        {found['radius'] or '—'}  {counts(found['heard'])}"
    yield f"门户 portal   {found['api'] or '—'}  {counts(found['asked'])}"
    yield f"登录 logins   {'LDAP' if found['directory'] else '—'}  {counts(found['logins'])}"
    yield f"会话 sessions {counts(found['sessions'])}"
    yield (
        f"名册 roster {found['persons']}  主机 hosts {found['hosts']}  "
        f"网段 prefixes {found['prefixes']}  换期 rotations {found['rotations']}"
    )
    yield from (f"! {problem}" for problem in found["problems"])
