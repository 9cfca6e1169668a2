"""Data folders of a node of ours, made without a process: one as it should be, one broken."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.model import Evidence, ObjectClass, Target
from audit.probes.gateway.look import BACKUP, look
from gateway import authority, reveal
from gateway.anchors import place
from gateway.node import Address, Listener, ListenerKind, Node
from gateway.orders import Orders
from gateway.rows import day_of
from policies.model import Action, Order
from rules.model import Basis
from tests.gateway.event_samples import NOON
from tests.gateway.evidence_samples import Archive, archive

NOW = NOON + 3600.0
THREATS = {"categories": ["malware", "phishing", "botnet"]}
POLICY: dict[str, Any] = {
    "policies": [
        {
            "id": "district",
            "basis": [],
            "care": {"to": ["心理健康工作负责人"]},
            "delegates": [{"to": "school"}],
            "inspection": "content",
            "cases": [{"title": str(number)} for number in range(30)],
            "clauses": [
                {"action": "block", "locked": True, "when": {"gaps": [gap]}}
                for gap in ("malformed", "foreign-client", "forbidden-destination", "bad-cert",
                            "encrypted-hello")
            ] + [
                {"action": "block", "locked": True, "when": THREATS},
                {"action": "block", "locked": True, "when": {"layers": ["harmful"]}},
                {"action": "block", "when": {"categories": ["vpn"], "roles": ["pupil"]}},
            ],
        }
    ]
}  # fmt: skip


def node(data: Path, **said: Any) -> Node:
    """A node that serves private addresses, signs apart and anchors over TLS."""
    given: dict[str, Any] = {
        "name": "n1",
        "data": data,
        "listeners": (
            Listener(kind=ListenerKind.EXPLICIT, address=Address(host="10.0.0.1", port=8080)),
        ),
        "dns": Address(host="127.0.0.1", port=5353),
        "dns_upstreams": (Address(host="10.0.0.53", port=53),),
        "metrics": Address(host="127.0.0.1", port=9090),
        "radius": Address(host="10.0.0.1", port=1813),
        "detail": "connections",
        "anchors": ("https://archive.example/",),
    }
    return Node(**{**given, **said})


def order(name: str, **said: Any) -> Order:
    given: dict[str, Any] = {
        "id": name, "action": Action.ALLOW, "issuer": "张老师", "hosts": ("a.example",),
        "basis": Basis(source="区教育局通知"), "approvals": ("王主任",), "expires": NOW + 1e6,
    }  # fmt: skip
    return Order(**{**given, **said})


def write(path: Path, document: Any) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")
    path.chmod(0o600)


def compliant(data: Path) -> Archive:
    """A node as it should be."""
    data.chmod(0o700)
    made = archive(data)
    write(data / "run" / "node.json", asdict(node(data)))
    children = [{"name": "writer", "restarts": 0}, {"name": "worker-0", "restarts": 1}]
    write(data / "run" / "status.json", {"state": "serving", "started": NOW, "children": children})
    said = {"result": "published", "at": NOW, "snapshot": "s", "rulebase": "r", "problems": []}
    write(data / "run" / "publication.json", said)
    write(data / "snapshot" / "current", POLICY)
    listed = [{"id": "starter-harm", "rows": 9, "bad": 0, "refused": "", "stale": False}]
    write(data / "rulebase" / "current" / "report.json", {"rows": 9, "lists": listed})
    write(data / "good" / "starter-harm" / "hosts.txt", "bad.example")
    from datetime import UTC, datetime  # the CA is as old as the node

    authority.ensure(data / "ca", datetime.fromtimestamp(NOW, UTC))
    authority.ensure_keys(data / "keys")
    (data / BACKUP).touch(mode=0o600)
    for path in (data / BACKUP, data / "good" / "starter-harm" / "hosts.txt"):
        os.utime(path, (NOW - 86400, NOW - 86400))
    orders = Orders(data / "orders.jsonl")
    orders.add(order("order-1"))
    for name in ("王主任", "李主任"):
        key = Ed25519PrivateKey.generate().public_key()
        reveal.register(name, key, by="管理员", sign=made.signing.sign)
    (data / "ledger" / "chain.jsonl").chmod(0o600)
    (data / "ledger" / "public.pem").write_text(made.signing.signer.public, encoding="ascii")
    if made.signing.signer.head:
        place(f"file:{data / 'anchors'}")(made.signing.signer.head)
    return made


def broken(data: Path) -> None:
    """The same node, deliberately made wrong wherever a check looks."""
    made = compliant(data)
    made.sql("UPDATE events SET host = 'other.example' WHERE id = 2")
    open_to_all = Listener(
        kind=ListenerKind.EXPLICIT,
        address=Address(host="0.0.0.0", port=8080),
        clients=("0.0.0.0/0",),
    )
    write(
        data / "run" / "node.json",
        asdict(
            node(
                data,
                listeners=(open_to_all,),
                radius=None,
                dns=None,
                metrics=Address(host="0.0.0.0", port=9090),
                detail="blocks",
                anchors=("http://archive.example/",),
                open_destinations=(Address(host="127.0.0.1", port=80),),
            )
        ),
    )
    children = [{"name": "worker-0", "restarts": 50}]
    write(data / "run" / "status.json", {"state": "stopped", "started": 0, "children": children})
    said = {"result": "refused", "at": NOW, "snapshot": "s", "rulebase": "r", "problems": ["x"]}
    write(data / "run" / "publication.json", said)
    write(data / "snapshot" / "current", {"policies": [{"id": "district", "clauses": []}]})
    listed = [{"id": "starter-harm", "rows": 0, "bad": 9, "refused": "empty", "stale": True}]
    write(data / "rulebase" / "current" / "report.json", {"rows": 0, "lists": listed})
    (data / "retention.yaml").write_text("floor_months: 6\nceiling_days: 3000\n", encoding="utf-8")
    orders = Orders(data / "orders.jsonl")
    orders.add(order("order-2", approvals=("张老师",), expires=0.0))
    orders.add(order("order-3", approvals=()))
    with (data / "orders.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"add": {"id": "order-4"}}\n')
    (data / BACKUP).unlink()
    (data / "identity").mkdir(mode=0o700, exist_ok=True)
    (data / "identity" / "roster.csv").write_text("user,name\n", encoding="utf-8")
    (data / "keys" / "pseudonym.key").chmod(0o644)
    (data / "ca" / "mitmproxy-ca.pem").chmod(0o644)
    (data / "orders.jsonl").chmod(0o666)
    data.chmod(0o755)


def target(data: Path) -> Target:
    return Target(
        id="gw",
        name="gw",
        system="s",
        kind=ObjectClass.SECURITY_DEVICE,
        platform="qinglang",
        access={"file": str(data)},
    )


def seen(data: Path, now: float = NOW) -> Evidence:
    return look(target(data), now=now)


def today() -> str:
    return day_of(NOW)
