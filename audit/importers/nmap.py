"""nmap XML: open ports as facts of the network, held against a list of what is expected.

Without a list an open port is only something to decide on. A host that did not answer is
unknown. "Nothing unexpected" holds for the ports that were scanned, and says how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled
from audit.importers.source import moment, walk
from audit.model import Severity, State, Why

FORMAT = "nmap"
RULE = "open-ports"
ALL_PORTS = 65_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Which ports may be open: `tcp/22` by target id, address or name; `*` for all others."""

    id: str = "expected"
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Taker:
    def __init__(self) -> None:
        self.run = False
        self.version = ""
        self.dated = 0.0
        self.scanned: dict[str, int] = {}
        self.finished = ""
        self.hosts: list[dict[str, Any]] = []
        self.host: dict[str, Any] = {}
        self.port: dict[str, Any] = {}

    def start(self, path: tuple[str, ...], said: Mapping[str, str]) -> None:
        name, above = path[-1], path[-2] if len(path) > 1 else ""
        if path == ("nmaprun",):
            self.run = said.get("scanner", "nmap") == "nmap"
            self.version, self.dated = said.get("version", ""), moment(_number(said.get("start")))
        elif name == "scaninfo":
            count = _number(said.get("numservices"))
            self.scanned[said.get("protocol", "?")] = count
        elif path == ("nmaprun", "host"):
            self.host = {"address": "", "names": [], "up": None, "ports": []}
        elif name == "status" and above == "host":
            self.host["up"] = said.get("state") == "up"
        elif name == "address" and above == "host" and said.get("addrtype") != "mac":
            self.host["address"] = self.host["address"] or said.get("addr", "")
        elif name == "hostname":
            self.host["names"].append(said.get("name", "")[:200])
        elif name == "port":
            number = _number(said.get("portid"))
            self.port = {"port": f"{said.get('protocol', '?')}/{number}", "state": ""}
        elif above == "port" and name == "state":
            self.port["state"] = said.get("state", "")
        elif above == "port" and name == "service":
            for key in ("name", "product", "version", "tunnel"):
                if said.get(key):
                    self.port[key] = said[key][:100]
        elif name == "finished":
            self.finished = said.get("exit", "success")

    def end(self, path: tuple[str, ...], text: str) -> None:  # noqa: ARG002
        if path[-1] == "port" and self.host:
            if self.port.get("state") in ("open", "open|filtered"):
                self.host["ports"].append(self.port)
        elif path == ("nmaprun", "host"):
            self.hosts.append(self.host)


def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 12 else 0


def read(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    taker = _Taker()
    walk(stream, taker)
    if not taker.run:
        raise RefusedError("不是 nmap 的 XML / no XML of nmap")
    notices = []
    if taker.finished != "success":
        notices.append("扫描没有正常结束 / the scan did not end well: hosts may be missing")
    facts: dict[str, dict[str, Any]] = {}
    findings = []
    for host in taker.hosts:
        name = host["address"] or next(iter(host["names"]), "?")
        facts[name] = {
            "address": host["address"], "names": host["names"], "up": host["up"],
            "scanned": taker.scanned, "ports": host["ports"],
        }  # fmt: skip
        findings.append(_finding(name, facts[name]))
    return settled(
        Imported(
            format=FORMAT, tool="nmap", version=taker.version, dated=taker.dated,
            findings=tuple(findings), facts=facts, notices=tuple(notices),
        )
    )  # fmt: skip


def _finding(name: str, host: Mapping[str, Any]) -> ImportedFinding:
    found = ", ".join(one["port"] for one in host["ports"])
    up = bool(host["up"])
    return ImportedFinding(
        tool="nmap",
        rule=RULE,
        title="开放的端口 / open ports" if up else "主机没有应答 / the host did not answer",
        state=State.UNKNOWN,
        why=Why.PENDING if up and host["scanned"] else Why.ERROR,
        target=name,
        detail=found or "none",
    )


def against(imported: Imported, expected: Expected, names: Mapping[str, str]) -> Imported:
    """The same with a verdict on each host that has a list. Only `open` counts as open."""
    return replace(
        imported,
        findings=tuple(
            _held(one, imported.facts.get(one.target, {}), expected, names)
            for one in imported.findings
        ),
    )


def _held(
    one: ImportedFinding, host: Mapping[str, Any], expected: Expected, names: Mapping[str, str]
) -> ImportedFinding:
    known = (names.get(one.target, ""), one.target, *host.get("names", ()), "*")
    listed = next((expected.hosts[name] for name in known if name in expected.hosts), None)
    if listed is None or one.why is not Why.PENDING:
        return one
    ports = {str(port["port"]): str(port["state"]) for port in host.get("ports", ())}
    wrong = [port for port, state in ports.items() if port not in listed and state == "open"]
    doubt = [port for port, state in ports.items() if port not in listed and state != "open"]
    scanned = host.get("scanned", {})
    reach = ", ".join(f"{name} {count}" for name, count in scanned.items())
    if wrong:
        return replace(
            one, state=State.FAIL, why=None, severity=Severity.MEDIUM,
            title="有未预期的开放端口 / unexpected open ports", detail=", ".join(wrong),
        )  # fmt: skip
    if doubt or scanned.get("tcp", 0) < ALL_PORTS:
        return replace(
            one, title="所扫端口中没有未预期的 / nothing unexpected among the ports scanned",
            detail=f"scanned {reach}; {', '.join(doubt)}".rstrip("; "),
        )  # fmt: skip
    return replace(
        one, state=State.PASS, why=None, detail=f"scanned {reach}",
        title="没有未预期的开放端口 / no unexpected open port",
    )  # fmt: skip
