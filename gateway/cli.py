"""The gateway's command-line door: `up`, `gateway …`, `doctor`; arguments in, text out.

Handlers import what they need when they run: `qinglang rules lookup` must not pay
for the gateway. Nothing is decided here.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import importlib
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.appeals_cli import register_appeals
from gateway.authority_cli import register_ca
from gateway.care_cli import register_care
from gateway.commands import Commands, command, machine, node_of
from gateway.identity_cli import register_identity
from gateway.node import Address
from gateway.orders_cli import register_orders, register_overrides
from gateway.usage_cli import register_usage
from rules.load import WorldError, load

PATIENCE = 600.0  # seconds `gateway reload` waits for its answer
MARKS = {"ok": "✓", "problem": "✗", "unknown": "?"}


def register(commands: Commands) -> None:
    """Add the gateway's commands, and the event commands where they are installed."""
    _up_options(commands.add_parser("up", help="启动网关 / start the gateway on this machine"))
    gateway = commands.add_parser("gateway", help="网关：状态、重载、CA、指令 / the gateway")
    inner = gateway.add_subparsers(dest="gateway_command", required=True, metavar="COMMAND")
    _up_options(inner.add_parser("run", help="同 up / the same as `up`"))
    command(inner, "status", _status, "状态 / what runs and what is in force")
    command(inner, "reload", _reload, "重新编译并生效 / compile anew and put in force")
    register_ca(inner)
    register_orders(inner)
    register_identity(commands)
    register_usage(commands)
    register_overrides(commands)
    register_appeals(commands)
    register_care(commands)
    command(commands, "doctor", _doctor, "检查本机与节点 / is the machine fit, the node well?")
    try:
        events = importlib.import_module("gateway.events_cli")
    except ModuleNotFoundError as missing:
        if missing.name != "gateway.events_cli":
            raise
    else:
        events.register_events(commands)
        _extend_policy(commands)


def _extend_policy(commands: Commands) -> None:
    """Add to `policy` what needs this floor: the record, the node, the network."""
    from gateway.bundle_cli import register_bundle
    from gateway.rehearse_cli import register_rehearse
    from gateway.rollout_cli import register_rollout
    from policies.cli import subcommands

    subs = subcommands(commands)
    if subs is not None:
        register_rehearse(subs)
        register_bundle(subs)
        register_rollout(subs)


def _up_options(made: argparse.ArgumentParser) -> None:
    def option(name: str, text: str, **more: Any) -> None:
        made.add_argument(name, help=text, **more)

    at: dict[str, Any] = {"type": address, "metavar": "HOST:PORT"}
    many: dict[str, Any] = {"nargs": "+", "action": "extend"}
    folder: dict[str, Any] = {"type": Path, "metavar": "DIR"}
    option("--data", "数据目录 / data folder (var)", **folder)
    option("--name", "节点名 / node name (host name)")
    option("--proxy", "HTTP(S) 代理 / proxy (127.0.0.1:8080)", **at, **many)
    option("--socks", "SOCKS5", **at, **many)
    option("--transparent", "透明代理 / transparent proxy", **at, **many)
    option("--dns", "DNS, UDP+TCP (127.0.0.1:5353)", **at)
    option("--dns-upstream", "上游 DNS / upstream (resolv.conf)", nargs="+", **_extend(at))
    option("--page", "被拦截域名的应答地址 / address answered for blocked names", metavar="HOST")
    option("--page-http", "拦截页 / block page, http", **at, **many)
    option("--page-https", "拦截页 / block page, https", **at, **many)
    option("--metrics", "指标、PAC、CA 下载 / metrics, PAC, CA (127.0.0.1:9090)", **at)
    option("--workers", "工作进程数 / worker processes (cores)", type=int, metavar="N")
    option("--policy", "本地策略目录 / a district's own policies", nargs="+", **_extend(folder))
    option("--rules", "本地名单目录 / a district's own lists", nargs="+", **_extend(folder))
    option("--open", "允许访问的本机或内网目的地 / local destinations", nargs="+", **_extend(at))
    pair: dict[str, Any] = {"metavar": "NAME=ADDRESS", "nargs": "+", "action": "extend"}
    option("--resolve", "本节点自知的域名 / names this node knows itself", **pair)
    prefix: dict[str, Any] = {"metavar": "PREFIX", "nargs": "+", "action": "extend"}
    option("--clients", "可使用网关的网段 / networks served (private ones)", **prefix)
    option("--scrape", "可读指标的网段 / networks that may read /metrics (loopback)", **prefix)
    option("--trusted-ca", "额外信任的上游根证书 / extra upstream roots", type=Path, metavar="FILE")
    option("--contact", "拦截页上的联系方式 / whom to ask, on block pages", metavar="TEXT")
    option("--appeal", "拦截页上的申诉链接 / link to ask for review, on block pages", metavar="URL")
    option("--radius", "RADIUS 计费 / RADIUS accounting, UDP (off)", **at)
    option("--radius-secret", "RADIUS 密钥文件 / file of its secrets", type=Path, metavar="FILE")
    option("--identity-api", "门户登录接口 / where portals tell logins (off)", **at)
    option("--directory", "LDAP 目录：代理登录 / LDAP, for proxy logins", type=Path, metavar="FILE")
    option("--oidc", "OIDC：门户登录 / a provider, for the portal", type=Path, metavar="FILE")
    option("--identity-timeout", "登录过期秒数 / a login's life (3600)", type=float, metavar="S")
    option("--bundle", "签名策略包的地址 / where signed policy bundles come from", metavar="URL")
    option(
        "--signer", "另行运行的签名进程 / socket of a signer run apart", type=Path, metavar="SOCKET"
    )
    option("--anchor", "账本锚定处 / where the ledger is anchored", metavar="PLACE", **many)
    option("--detail", "事件粒度 / detail of events", choices=("blocks", "connections", "requests"))
    option("--config", "同名选项的 YAML 文件 / these options as a file", type=Path, metavar="FILE")
    made.set_defaults(run=_up)


def _extend(kind: dict[str, Any]) -> dict[str, Any]:
    return {**kind, "action": "extend"}


def address(text: str) -> Address:
    """HOST:PORT for argparse, whose message then says what was wrong."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _up(options: argparse.Namespace) -> int:
    from loguru import logger

    from gateway import oplog
    from gateway.announce import announcement
    from gateway.settings import Settings, plan, settings_of
    from gateway.up import Prepared, up

    try:
        settings = settings_of(options)
        if options.config is not None:
            settings = settings.over(load(Settings, options.config))
        planned = plan(settings, machine())
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2

    oplog.set_up()

    def ready(prepared: Prepared) -> None:
        text = announcement(
            prepared.node,
            authority=prepared.authority,
            publication=prepared.publication,
            moved=prepared.opened.moved,
            now=datetime.now(UTC),
            here=Path.cwd(),
        )
        print(text, flush=True)

    return up(
        planned,
        say=lambda text: print(text, file=sys.stderr, flush=True),
        log=lambda text: logger.info("{}", text),
        ready=ready,
    )


def _status(options: argparse.Namespace) -> int:
    """Exit code 0 serving, 1 running but not well, 3 not running."""
    from gateway.status import read_status
    from gateway.supervisor import STATUS
    from gateway.up import running

    node = node_of(options.data)
    pid = running(node)
    found = read_status(node.run / STATUS) if pid else {}
    found = {"running": bool(pid), **found}
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print("\n".join(_status_lines(found, options.data)))
    if not pid:
        return 3
    publication = found.get("publication") or {}
    good = publication.get("result") in ("published", "unchanged")
    return 0 if found.get("state") == "serving" and good else 1


def _status_lines(found: dict[str, Any], data: Path) -> Sequence[str]:
    if not found["running"]:
        return [f"网关未在 {data} 上运行 / no gateway runs on {data}"]
    last = found.get("publication") or {}
    return [
        f"{found.get('node')}: {found.get('state')} (pid {found.get('pid')})",
        *(f"  {one['kind']:<12} {one['address']}" for one in found.get("listeners", ())),
        f"  dns          {found.get('dns')}",
        f"  metrics      {found.get('metrics')}",
        *(
            f"  {one['name']:<12} {one['state']:<9} pid {one['pid']:<8} "
            f"{one['rss'] / 1048576:5.0f} MiB  重启 restarts {one['restarts']}"
            for one in found.get("children", ())
        ),
        f"快照 snapshot   {last.get('snapshot', '')[:16]}",
        f"规则库 rule base {last.get('rulebase', '')[:16]}",
        f"最近一次更新 last update: {last.get('result')}",
        *(f"  {problem}" for problem in last.get("problems", ())),
    ]


def _reload(options: argparse.Namespace) -> int:
    """Ask the supervisor, wait for its answer. 0 in force, 2 data refused, 3 world failed."""
    from gateway.authority import write_private
    from gateway.status import read_status
    from gateway.supervisor import RELOAD_REQUEST, STATUS
    from gateway.up import running

    node = node_of(options.data)
    pid = running(node)
    if not pid:
        raise WorldError(f"网关未在 {options.data} 上运行 / no gateway runs on {options.data}")
    request = secrets.token_hex(8)
    write_private(node.run / RELOAD_REQUEST, request.encode())
    os.kill(pid, signal.SIGHUP)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        last = read_status(node.run / STATUS).get("publication") or {}
        if last.get("request") == request:
            return reloaded(last, options.json)
        if running(node) != pid:
            raise WorldError("网关在重载时停止了 / the gateway stopped while reloading")
        time.sleep(0.05)
    raise WorldError(f"{PATIENCE:.0f} 秒内没有结果 / no answer within {PATIENCE:.0f} s")


def reloaded(last: dict[str, Any], as_json: bool) -> int:
    result = str(last.get("result"))
    if as_json:
        print(json.dumps(last, ensure_ascii=False, indent=1))
    else:
        for problem in last.get("problems", ()):
            print(problem, file=sys.stderr)
        said = {
            "published": "已生效 / in force",
            "unchanged": "没有变化 / nothing changed",
            "refused": "数据有错，沿用上一份 / refused, the last good one stays in force",
            "failed": "失败，沿用上一份 / failed, the last good one stays in force",
        }.get(result, result)
        print(f"{said}: {str(last.get('snapshot'))[:16]}")
    return {"published": 0, "unchanged": 0, "refused": 2}.get(result, 3)


def _doctor(options: argparse.Namespace) -> int:
    """Exit code 0 nothing wrong (unknown is not wrong), 1 a problem."""
    from gateway.doctor import Health, examine

    found = examine(node_of(options.data), datetime.now(UTC))
    if options.json:
        print(json.dumps([asdict(check) for check in found], ensure_ascii=False, indent=1))
    else:
        for check in found:
            print(f"{MARKS[check.health]} {check.id:<13} {check.said}")
    return 1 if any(check.health is Health.PROBLEM for check in found) else 0
