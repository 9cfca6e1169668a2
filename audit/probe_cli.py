"""`qinglang audit probe tls|http`: look at servers from outside, within a signed scope.

A door. Loopback needs no scope (it is this machine); every other address is asked of the scope
before each target, and the pace of the scope is kept. Exit codes: 0 all looked at · 1 of some
targets nothing · 2 bad input or refused · 3 the world failed.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from audit.collect_cli import believed
from audit.model import Evidence, ObjectClass, Target
from audit.probes import http, shelf, tls
from audit.scope import Scope, refusal
from rules.load import DataError, Problem

LOOKS: dict[str, Callable[..., Evidence]] = {"tls": tls.look, "http": http.look}
PORTS = {"smtp": 25, "imap": 143, "ldap": 389, "postgresql": 5432}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `probe` below `audit`."""
    made = commands.add_parser("probe", help="远程探测 / look at servers from outside")
    made.add_argument("probe", choices=sorted(LOOKS))
    made.add_argument("targets", nargs="*", metavar="HOST[:PORT]|URL")
    made.add_argument(
        "--scope", type=Path, metavar="FILE", help="签名的授权范围 / the signed scope"
    )
    made.add_argument("--signers", type=Path, metavar="FILE")
    made.add_argument("--starttls", choices=sorted(tls.QUESTIONS), default="none")
    made.add_argument("--plain-port", type=int, default=80, metavar="PORT", help="0: 不问 / not")
    made.add_argument("--address", default="", metavar="IP", help="实际连接地址 / where to connect")
    made.add_argument("--tls-ca", default="", metavar="FILE", help="自有根证书 / our own roots")
    made.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    made.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    made.add_argument("--show", action="store_true", help="列出会发出的请求 / what is sent")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=_probe)


def _bad(place: str, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=place, line=1, column=1, message=message, remedy=remedy)])


def parsed(text: str, options: argparse.Namespace) -> Target:
    """A target from what was typed. Raises DataError."""
    try:
        said = urlsplit(text if "//" in text else f"//{text}")
        host, port = said.hostname, said.port
    except ValueError as error:
        raise _bad(text, "不是主机或网址 / is no host or address") from error
    if not host or said.scheme not in ("", "http", "https") or said.username:
        raise _bad(text, "不是主机或网址 / is no host or address", "host:port, https://host/")
    plain = str(options.plain_port)
    if said.scheme == "http":
        plain, port = str(port or 80), 0
    return Target(
        id=host if not port or port == 443 else f"{host}.{port}",
        name=text,
        system="",
        kind=ObjectClass.APPLICATION,
        platform=options.probe,
        address=options.address or host,
        access={
            "name": host,
            "port": str(PORTS.get(options.starttls, 443) if port is None else port),
            "plain-port": plain,
            "starttls": options.starttls,
            **({"tls-ca": options.tls_ca} if options.tls_ca else {}),
        },
    )


def loopback(address: str) -> bool:
    """Whether an address is this very machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _probe(options: argparse.Namespace) -> int:
    if options.show:
        _print("\n".join(f"{method:8} {path:22} {why}" for method, path, why in http.questions()))
        return 0
    if not options.targets:
        raise _bad("audit probe", "要探测什么 / what is to be looked at", "HOST[:PORT] or URL")
    targets = [parsed(one, options) for one in options.targets]
    away = [one for one in targets if not loopback(one.address)]
    scope: Scope | None = None
    if away:
        if options.scope is None or options.signers is None:
            raise _bad(
                away[0].name,
                "不在本机：需要签名的授权范围 / not this machine: a signed scope is needed",
                "--scope FILE --signers FILE",
            )
        scope = believed(options.scope, options.signers)
    found = [_one(target, options, scope) for target in targets]
    for one in found:
        if options.output:
            shelf.keep(options.output, one)
    return _told(found, options)


def _one(target: Target, options: argparse.Namespace, scope: Scope | None) -> Evidence:
    now = time.time()
    if scope is not None and not loopback(target.address):
        killed = bool(scope.kill_file) and Path(scope.kill_file).exists()
        refused = refusal(scope, target, now, killed=killed)
        if refused:
            raise _bad(target.name, f"scope: {refused.zh} / {refused.en}")
        time.sleep(60.0 / scope.per_minute)
    return LOOKS[options.probe](target, now=now, timeout=options.timeout)


def _told(found: list[Evidence], options: argparse.Namespace) -> int:
    if options.json:
        rows = [
            {
                "target": one.target,
                "probe": one.probe,
                "id": one.id,
                "digest": one.digest,
                "problem": one.problem,
                "document": one.document,
            }
            for one in found
        ]
        _print(json.dumps({"evidence": rows}, ensure_ascii=False))
    else:
        for one in found:
            gaps = len((one.document or {}).get("gaps", ()))
            _print(
                f"{one.target:30} {one.problem or '已查看 looked at'}"
                + (f" · {gaps} 处未能查看 / gaps" if gaps else "")
            )
    return 1 if any(one.problem for one in found) else 0


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
