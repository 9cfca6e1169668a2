"""Events in other people's formats: ECS-named JSON, CEF, and syslog (RFC 5424) around either.

Elastic Common Schema names where ECS has one, `qinglang.*` for what is ours alone.
Nothing is added that an Event does not hold: no name, no address of a client. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from gateway.batch import Event
from gateway.rows import SHANGHAI
from policies.model import Action

ECS_VERSION = "8.11.0"
VENDOR, PRODUCT = "Qinglang", "Gateway"
FACILITY = 13  # log audit
ENTERPRISE = 32473
"""RFC 5612: the number for examples; we have none of our own."""

SEVERITY: Mapping[Action, tuple[int, int]] = {
    # syslog (RFC 5424 table 2), CEF (0-10)
    Action.ALLOW: (6, 0),
    Action.OBSERVE: (6, 1),
    Action.REWRITE: (6, 2),
    Action.MASK: (6, 2),
    Action.LIMIT: (5, 3),
    Action.WARN: (5, 4),
    Action.BLOCK: (4, 6),
}
_TYPE = {Action.BLOCK: "denied", Action.LIMIT: "denied"}


def moment(event: Event) -> str:
    """RFC 3339 with Asia/Shanghai's offset."""
    return datetime.fromtimestamp(event.ts / 1e6, SHANGHAI).isoformat(timespec="microseconds")


def ecs(event: Event, version: str = "") -> dict[str, Any]:
    """The Event under ECS field names; what is empty is left out."""
    found = {
        "@timestamp": moment(event),
        "ecs.version": ECS_VERSION,
        "event.id": event.code,
        "event.kind": "event",
        "event.category": ["web" if event.layer != "dns" else "network"],
        "event.type": ["access", _TYPE.get(event.enforced, "allowed")],
        "event.action": str(event.enforced),
        "event.outcome": "failure" if event.problem else "success",
        "event.reason": event.problem or event.clause,
        "event.sequence": event.seq,
        "event.duration": event.duration_ms * 1_000_000,
        "observer.vendor": VENDOR,
        "observer.product": PRODUCT,
        "observer.version": version,
        "observer.name": event.node,
        "observer.type": "proxy",
        "user.id": event.token,
        "user.roles": [event.role] if event.role else [],
        "organization.id": event.school,
        "group.id": event.group,
        "destination.domain": event.host,
        "destination.port": event.port,
        "url.scheme": event.scheme,
        "url.domain": event.host,
        "url.path": event.path,
        "http.request.method": event.method,
        "http.response.status_code": event.status,
        "http.response.mime_type": event.media_type,
        "http.request.bytes": event.bytes_up,
        "http.response.bytes": event.bytes_down,
        "dns.question.name": event.host if event.layer == "dns" else "",
        "rule.id": event.clause,
        "rule.category": ",".join(event.categories),
        "rule.ruleset": event.snapshot,
        "process.name": event.worker,
        "qinglang.layer": str(event.layer),
        "qinglang.stage": event.stage,
        "qinglang.tier": event.tier,
        "qinglang.segment": event.segment,
        "qinglang.source": event.source,
        "qinglang.confidence": event.confidence,
        "qinglang.profile": event.profile,
        "qinglang.decided": str(event.action),
        "qinglang.deed": event.deed,
        "qinglang.gap": event.gap,
        "qinglang.trace": event.trace,
        "qinglang.rulebase": event.rulebase,
        "qinglang.boot": event.boot,
        "qinglang.names": list(event.names),
        "qinglang.signals": [list(signal) for signal in event.signals],
    }
    return {name: value for name, value in found.items() if value not in ("", [], 0)}


def ecs_line(event: Event, version: str = "") -> str:
    return json.dumps(ecs(event, version), ensure_ascii=False)


def as_ecs(events: Iterable[Event], version: str = "") -> Iterator[str]:
    for event in events:
        yield ecs_line(event, version) + "\n"


def _head(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("\r", " ")


def _value(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("=", "\\=")
    return plain.replace("\r", "\\r").replace("\n", "\\n")


def cef(event: Event, version: str = "") -> str:
    """One CEF line (version 0). Client addresses are not known to an Event: no `src`."""
    title = f"{event.enforced} {' '.join(event.categories) or event.gap or event.problem}".strip()
    fields = {
        "rt": str(event.ts // 1000),
        "externalId": event.code,
        "act": str(event.enforced),
        "outcome": event.deed,
        "dhost": event.host,
        "dpt": str(event.port or ""),
        "app": event.scheme,
        "requestMethod": event.method,
        "request": f"{event.scheme}://{event.host}{event.path}" if event.path else "",
        "suid": event.token,
        "dvchost": event.node,
        "in": str(event.bytes_down or ""),
        "out": str(event.bytes_up or ""),
        "cat": ",".join(event.categories),
        "reason": event.clause,
        "cs1Label": "school",
        "cs1": event.school,
        "cs2Label": "profile",
        "cs2": event.profile,
        "cs3Label": "snapshot",
        "cs3": event.snapshot,
        "cs4Label": "trace",
        "cs4": event.trace,
        "cs5Label": "layer",
        "cs5": str(event.layer),
        "msg": event.problem,
    }
    head = (VENDOR, PRODUCT, version or "0", event.clause or "none", title)
    _, severity = SEVERITY[event.enforced]
    extension = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value)
    return f"CEF:0|{'|'.join(map(_head, head))}|{severity}|{extension}"


def as_cef(events: Iterable[Event], version: str = "") -> Iterator[str]:
    for event in events:
        yield cef(event, version) + "\n"


def _name(text: str, longest: int) -> str:
    """A header field: printable ASCII without blanks (RFC 5424 section 6), `-` where empty."""
    return "".join(c if "!" <= c <= "~" else "_" for c in text)[:longest] or "-"


def _parameter(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def syslog(event: Event, body: str) -> bytes:
    """An RFC 5424 message around a body; the body is UTF-8 with its byte order mark."""
    severity, _ = SEVERITY[event.enforced]
    head = " ".join(
        (
            f"<{FACILITY * 8 + severity}>1",
            moment(event),
            _name(event.node, 255),
            "qinglang",
            _name(event.worker, 128),
            _name(str(event.enforced), 32),
        )
    )
    data = (
        f'[event@{ENTERPRISE} code="{_parameter(event.code)}" school="{_parameter(event.school)}"]'
    )
    return f"{head} {data} ".encode() + b"\xef\xbb\xbf" + body.encode("utf-8", "replace")


def frame(message: bytes) -> bytes:
    """Octet counting (RFC 5425 section 4.3): the length, a blank, the message."""
    return str(len(message)).encode("ascii") + b" " + message
