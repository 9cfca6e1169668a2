"""`qinglang gateway ca status|rotate|activate`: arguments in, text out."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.commands import Commands, command, node_of

if TYPE_CHECKING:
    from gateway.authority import Authority


def register_ca(inner: Commands) -> None:
    """Add the `ca` commands."""
    ca = inner.add_parser("ca", help="地区 CA / the district's CA")
    deeper = ca.add_subparsers(dest="ca_command", required=True, metavar="COMMAND")
    command(deeper, "status", _ca_status, "证书与到期 / certificates and their expiry")
    command(deeper, "rotate", _ca_rotate, "准备新 CA，先下发后启用 / prepare the next one")
    command(deeper, "activate", _ca_activate, "启用已准备的 CA / let the prepared one sign")


def _ca_status(options: argparse.Namespace) -> int:
    from gateway import authority

    return _tell_ca(authority.load(node_of(options.data).ca), options)


def _ca_rotate(options: argparse.Namespace) -> int:
    from gateway import authority

    return _tell_ca(authority.rotate(node_of(options.data).ca, datetime.now(UTC)), options)


def _ca_activate(options: argparse.Namespace) -> int:
    from gateway import authority

    return _tell_ca(authority.activate(node_of(options.data).ca), options)


def _tell_ca(found: Authority, options: argparse.Namespace) -> int:
    from gateway.authority import FOR_PEOPLE

    now, folder = datetime.now(UTC), node_of(options.data).ca
    told = [
        {
            "generation": one.generation.name.lower(),
            "file": str(folder / f"{FOR_PEOPLE[one.generation]}.pem"),
            "serial": one.serial,
            "fingerprint": one.fingerprint,
            "expires": one.not_after.isoformat(),
            "days_left": one.days_left(now),
        }
        for one in found.published
    ]
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    names = {
        "current": "使用中 / signing",
        "next": "待启用 / next",
        "previous": "上一代 / previous",
    }
    for one in told:
        print(f"{names[str(one['generation'])]}: {one['file']}")
        print(f"  {one['expires']} ({one['days_left']} 天 / days)  SHA-256 {one['fingerprint']}")
    return 0
