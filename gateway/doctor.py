"""`qinglang doctor`: is this machine fit, and is the node well? Looks, changes nothing.

Each check gives ok, problem or unknown, and unknown is said where it could not
be looked at: never a guess. A door: it looks at files, ports and programs.
"""

from __future__ import annotations

import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from gateway import authority
from gateway.node import Address, ListenerKind, Node
from gateway.reload import held, in_force, read_publication
from gateway.sockets import free
from gateway.status import read_status
from gateway.supervisor import PUBLICATION
from gateway.up import running
from rules.load import WorldError

WARN_DAYS = 90  # before the CA expires: spreading a new one takes a school term
FILES = 8192  # two file descriptors for each connection; deploy/systemd gives 262144
ROOM = 2 * 1024**3  # bytes free for events
ROOT_QUERY = b"\x51\x4c\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"  # `. IN NS`


class Health(StrEnum):
    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: what, how it is, and what was seen or is to be done."""

    id: str
    health: Health
    said: str


def examine(node: Node, now: datetime) -> tuple[Check, ...]:
    """All checks of this machine and node."""
    pid = running(node)
    return (
        _python(),
        _engine(),
        _files(),
        *_folders(node),
        _room(node),
        _clock(),
        _ca(node, now),
        _process(pid),
        _policy(node),
        *_identity(node, pid),
        *_ports(node, pid),
        *_upstreams(node),
        *_loop(node),
    )


def _python() -> Check:
    said = f"Python {sys.version.split()[0]}"
    good = sys.version_info >= (3, 12)
    return Check(id="python", health=_is(good), said=said if good else f"{said}: 3.12+ is needed")


def _engine() -> Check:
    try:
        found = version("mitmproxy")
    except PackageNotFoundError:
        return Check(id="engine", health=Health.PROBLEM, said="mitmproxy 未安装 / is not installed")
    return Check(id="engine", health=_is(found.startswith("12.2.")), said=f"mitmproxy {found}")


def _files() -> Check:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= FILES
    hint = "" if enough else f": 应不少于 / should be {FILES} (LimitNOFILE)"
    return Check(id="open-files", health=_is(enough), said=f"{hard}{hint}")


def _folders(node: Node) -> Iterator[Check]:
    for path in (node.data, node.ca, node.data / "keys"):
        try:
            mode = path.stat().st_mode & 0o777
        except OSError as error:
            yield Check(
                id="folder", health=Health.UNKNOWN, said=f"{path}: {error.strerror}（未启动过？）"
            )
            continue
        private = not mode & 0o077
        hint = "" if private else f": 只应属主可读 / owner only: chmod 700 {path}"
        yield Check(id="folder", health=_is(private), said=f"{path} {mode:o}{hint}")
    for path in sorted((*node.ca.glob("*ca.pem"), *(node.data / "keys").glob("*.key"))):
        if not path.name.startswith("qinglang-") and path.stat().st_mode & 0o077:
            yield Check(id="secret", health=Health.PROBLEM, said=f"{path}: chmod 600")


def _room(node: Node) -> Check:
    try:
        left = shutil.disk_usage(node.data).free
    except OSError as error:
        return Check(id="disk", health=Health.UNKNOWN, said=str(error.strerror))
    return Check(id="disk", health=_is(left > ROOM), said=f"{left / 1024**3:.1f} GiB 可用 / free")


def _clock() -> Check:
    """Certificates, time windows and signed tickets need the right time."""
    said = _output("timedatectl", "show", "--property=NTPSynchronized", "--value").strip()
    if said == "yes":
        return Check(id="clock", health=Health.OK, said="时钟已同步 / synchronised (NTP)")
    if said == "no":
        return Check(id="clock", health=Health.PROBLEM, said="时钟未同步 / not synchronised (NTP)")
    return Check(
        id="clock", health=Health.UNKNOWN, said="timedatectl 没有回答 / does not say whether NTP"
    )


def _ca(node: Node, now: datetime) -> Check:
    try:
        found = authority.load(node.ca)
    except WorldError as error:
        return Check(id="ca", health=Health.UNKNOWN, said=str(error))
    left = found.current.days_left(now)
    said = f"剩余 {left} 天 / days left"
    if left < WARN_DAYS:
        said += ": qinglang gateway ca rotate"
    return Check(id="ca", health=_is(left >= WARN_DAYS), said=said)


def _process(pid: int) -> Check:
    if pid:
        return Check(id="running", health=Health.OK, said=f"pid {pid}")
    return Check(id="running", health=Health.UNKNOWN, said="网关未运行 / is not running here")


def _policy(node: Node) -> Check:
    last, now = read_publication(node.run / PUBLICATION), in_force(node)
    if not now.snapshot:
        return Check(id="policy", health=Health.UNKNOWN, said="尚无策略快照 / nothing in force yet")
    if not (held(node) / now.rulebase).is_dir():
        said = f"规则库 {now.rulebase[:16]} 不在 / the rule base is missing"
        return Check(id="policy", health=Health.PROBLEM, said=said)
    if last is not None and not last.good:
        said = f"最近一次更新被拒 / the last update was refused: {'; '.join(last.problems[:3])}"
        return Check(id="policy", health=Health.PROBLEM, said=said)
    return Check(id="policy", health=Health.OK, said=f"snapshot {now.snapshot[:16]}")


def _identity(node: Node, pid: int) -> Iterator[Check]:
    """Is anybody heard, and are the tables good? Looked at only where it runs."""
    if not pid:
        return
    found = read_status(node.run / "identity.json")
    if not found:
        yield Check(id="identity", health=Health.UNKNOWN, said="没有状态 / no status yet")
        return
    problems, heard = found["problems"], found["heard"]
    wrong = heard["secret"] + heard["client"]
    if problems:
        yield Check(id="identity", health=Health.PROBLEM, said="; ".join(problems[:3]))
    elif node.radius and not heard["accepted"] and wrong:
        said = f"RADIUS 报文均被拒：密钥或来源不对 / all refused, wrong secret or sender: {wrong}"
        yield Check(id="identity", health=Health.PROBLEM, said=said)
    elif node.radius and not heard["accepted"]:
        said = "尚未收到 RADIUS 计费 / no RADIUS accounting was heard yet"
        yield Check(id="identity", health=Health.UNKNOWN, said=said)
    else:
        said = (
            f"{sum(found['sessions'].values())} 个会话 / sessions, {found['persons']} 人 / persons"
        )
        yield Check(id="identity", health=Health.OK, said=said)


def _ports(node: Node, pid: int) -> Iterator[Check]:
    """Free while the gateway rests; answered while it runs."""
    wanted = (*(one.address for one in node.listeners), node.dns, node.metrics)
    for address in filter(None, wanted):
        wrong = _refused(address) if pid else free(address)
        state = "有应答 / answers" if pid else "可用 / free"
        yield Check(id="port", health=_is(not wrong), said=f"{address} {wrong or state}")


def _refused(address: Address) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104
    try:
        socket.create_connection((host, address.port), timeout=2).close()
    except OSError as error:
        return str(error)
    return ""


def _upstreams(node: Node) -> Iterator[Check]:
    for address in node.dns_upstreams:
        wrong = ask(address)
        yield Check(id="dns-upstream", health=_is(not wrong), said=f"{address} {wrong or 'ok'}")
    if node.dns and not node.dns_upstreams:
        yield Check(
            id="dns-upstream", health=Health.PROBLEM, said="没有上游 / none: --dns-upstream"
        )


def ask(address: Address, seconds: float = 2.0) -> str:
    """Ask a resolver for the root's name servers. Why there was no answer; empty for one."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(seconds)
            asking.connect((address.host, address.port))
            asking.send(ROOT_QUERY)
            reply = asking.recv(4096)
    except OSError as error:
        return f"没有应答 / no answer: {error}"
    return "" if reply[:2] == ROOT_QUERY[:2] else "答非所问 / not an answer to the question"


def _loop(node: Node) -> Iterator[Check]:
    """Would the kernel send the gateway's own connections back to it?"""
    ports = {o.address.port for o in node.listeners if o.kind is ListenerKind.TRANSPARENT}
    if not ports:
        return
    rules = _output("nft", "list", "ruleset")
    if not rules:
        yield Check(
            id="redirect-loop",
            health=Health.UNKNOWN,
            said="看不到 nftables 规则（需 root）/ rules cannot be read: nft list ruleset as root",
        )
        return
    looping = redirects_itself(rules, ports)
    hint = "output 链把网关自己的连接转回来 / output chain redirects the gateway: add meta skuid"
    yield Check(id="redirect-loop", health=_is(not looping), said=hint if looping else "ok")


def redirects_itself(rules: str, ports: set[int]) -> bool:
    """Does `nft list ruleset` text redirect local output to our ports, our uid included?

    Only a chain hooked to output sees the gateway's own connections; there each
    redirect to our port must exclude a uid, in its own line or by a return before it.
    """
    for chain in re.findall(r"chain [^{]*\{(.*?)\n\t\}", rules, re.DOTALL):
        if not re.search(r"\bhook output\b", chain):
            continue
        excluded = False
        for line in chain.splitlines():
            if re.search(r"meta skuid\b.*\b(return|accept)\b", line):
                excluded = True
            found = re.search(r"redirect to :(\d+)", line)
            if found and int(found[1]) in ports and not excluded and "meta skuid !=" not in line:
                return True
    return False


def _output(*argv: str) -> str:
    if shutil.which(argv[0]) is None:
        return ""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _is(good: bool) -> Health:
    return Health.OK if good else Health.PROBLEM
