"""From what a node is and keeps to the document that checks read. Pure.

null: looked, and there is none; an absent key: not looked. No name of a pupil, no pseudonym,
no key and no host that anybody visited comes in here: counts, dates, modes and settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from gateway.appeals import AppealBook
from gateway.findings import Report
from gateway.ledger import Chain
from gateway.node import PRIVATE, Address, Node
from gateway.orders import OrderBook
from gateway.reveal import Book
from policies.model import Action, Office

PLATFORM = "qinglang"
DAY = 86400.0
LOOSENING = (Action.ALLOW, Action.OBSERVE, Action.REWRITE, Action.MASK, Action.LIMIT)
THREATS = ("malware", "phishing", "botnet")
SECRETS = (".key", "key.pem", "-ca.pem", ".sealed", ".sqlite", ".jsonl", "node.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One file or folder of the node: its place below the data folder, mode and owner."""

    path: str
    mode: int
    owner: int
    folder: bool


def listeners(node: Node) -> list[dict[str, Any]]:
    """Every listener: what it is, where, and whom it serves."""
    return [
        {
            "kind": one.kind.value,
            "address": str(one.address),
            "clients_private": private(one.clients),
            "login": one.login,
        }
        for one in node.listeners
    ]


def private(prefixes: Iterable[str]) -> bool:
    """Does every prefix lie in a private range, so that nobody from the Internet is served?"""
    ranges = [ip_network(one) for one in PRIVATE]
    return all(any(_inside(ip_network(one), wide) for wide in ranges) for one in prefixes)


def _inside(narrow: Any, wide: Any) -> bool:
    return bool(narrow.version == wide.version and narrow.subnet_of(wide))


def _loopback(address: Address) -> bool:
    return ip_address(address.host).is_loopback


def services(node: Node) -> dict[str, Any]:
    """The other doors of the node: DNS, status port, portal, RADIUS."""
    return {
        "dns": {
            "on": node.dns is not None,
            "clients_private": private(node.dns_clients),
            "upstreams": len(node.dns_upstreams),
        },
        "status_port": node.metrics is not None,
        "status_port_local": node.metrics is None or _loopback(node.metrics),
        "identity_api": node.identity_api is not None,
        "identity_api_local": node.identity_api is None or _loopback(node.identity_api),
        "radius": node.radius is not None,
        "known_users": bool(node.radius or node.identity_api or node.directory or node.oidc),
    }


def transport(node: Node, *, ldap_plain: bool | None, oidc_https: bool | None) -> dict[str, Any]:
    """How what the node sends and fetches is protected. null: it does not do it."""
    return {
        "anchors": [one.partition(":")[0] for one in node.anchors],
        "anchors_clear": [one for one in node.anchors if one.startswith(("http:", "syslog:"))],
        "bundle": None if not node.bundle else node.bundle.partition(":")[0],
        "ldap_encrypted": None if ldap_plain is None else not ldap_plain,
        "oidc_https": oidc_https,
    }


def ledger(
    chain: Chain, report: Report, *, now: float, node: Node, anchors_found: int
) -> dict[str, Any]:
    """What verification of the newest days found, and how old the newest checkpoint is."""
    last = chain.checkpoints[-1] if chain.checkpoints else None
    return {
        "checkpoints": len(chain.checkpoints),
        "last": last.time if last else None,
        "clock_ahead_seconds": round(max(0.0, last.time - now)) if last else 0,
        "holds": report.holds,
        "findings": [f"{one.what} {one.day}".strip() for one in report.findings[:20]],
        "rows": sum(report.rows.values()),
        "unsealed": sum(report.unsealed.values()),
        "gaps": len(report.gaps),
        "anchors": anchors_found,
        "anchored_elsewhere": None
        if node.signer
        else any(not one.startswith("file:") for one in node.anchors),
        "signer_apart": node.signer is not None,
        "digest": last.digest.value if last else None,
    }


def duties(orders: OrderBook, found: Book, appeals: AppealBook, now: float) -> dict[str, Any]:
    """Who ordered, approved, looked and answered: separation of duties in numbers."""
    loosening = [
        one
        for one in orders.orders
        if one.office is Office.DISTRICT and (one.action in LOOSENING or one.pass_through)
    ]
    answers = [one.answers[-1] for one in appeals.reviews.values() if one.answers]
    waiting = [one.appeal.at for one in appeals.reviews.values() if not one.answers]
    looks = len(found.looks)
    emergencies = [one for one in found.requests.values() if one.break_glass]
    return {
        "orders": len(orders.orders),
        "issuers": len({one.issuer for one in orders.orders}),
        "orders_unreadable": len(orders.problems),
        "loosening": len(loosening),
        "unapproved": sum(not one.approvals for one in loosening),
        "self_approved": sum(one.issuer in one.approvals for one in orders.orders),
        "endless": sum(not one.expires for one in loosening),
        "approvers": len(found.approvers),
        "requests": len(found.requests),
        "looks": looks,
        "emergencies": len(emergencies),
        "unreviewed": len(found.unreviewed(now)),
        "appeals": len(appeals.reviews),
        "appeals_open": len(waiting),
        "appeals_oldest_open": min(waiting) if waiting else None,
        "answers_without_reason": sum(not one.reason for one in answers),
        "answers_without_issuer": sum(not one.issuer for one in answers),
    }


def policy(text: str) -> dict[str, Any]:
    """What the snapshot in force blocks, locks, reads and cares for. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("policies"), list):
        raise ValueError("not a snapshot")
    clauses = [one for policy in found["policies"] for one in policy.get("clauses", ())]
    blocking = [one for one in clauses if one.get("action") == "block"]
    whens = [one.get("when", {}) for one in blocking]
    gaps = {gap for when in whens for gap in when.get("gaps", ())}
    unlimited = {
        category
        for when in whens
        if set(when) <= {"categories"}
        for category in when.get("categories", ())
    }
    return {
        "policies": len(found["policies"]),
        "clauses": len(clauses),
        "locked": sum(one.get("locked") is True for one in clauses),
        "cases": sum(len(one.get("cases", ())) for one in found["policies"]),
        "blocks_threats": all(one in unlimited for one in THREATS),
        "blocks_harmful": any("harmful" in when.get("layers", ()) for when in whens),
        "blocks_circumvention": any("vpn" in when.get("categories", ()) for when in whens),
        "blocks_foreign_clients": "foreign-client" in gaps,
        "blocks_internal_destinations": "forbidden-destination" in gaps,
        "blocks_malformed": "malformed" in gaps,
        "blocks_bad_certificates": "bad-cert" in gaps,
        "blocks_unreadable": "encrypted-hello" in gaps,
        "by_layer": sorted({layer for when in whens for layer in when.get("layers", ())}),
        "reads_content": any(
            str(one.get("inspection", "")).find("content") >= 0 for one in found["policies"]
        ),
        "care": any(one.get("care") for one in found["policies"]),
        "delegates": any(one.get("delegates") for one in found["policies"]),
        "scans_files": False,  # there is no virus engine in this product
    }


def lists(report: Mapping[str, Any], ages: Iterable[float]) -> dict[str, Any]:
    """The lists that were compiled: how many, how old the newest, which were refused."""
    listed = [one for one in report.get("lists", ()) if isinstance(one, Mapping)]
    times = list(ages)
    return {
        "count": len(listed),
        "entries": int(report.get("rows", 0)),
        "bad_lines": sum(int(one.get("bad", 0)) for one in listed),
        "refused": sorted(str(one.get("id", "")) for one in listed if one.get("refused")),
        "stale": sorted(str(one.get("id", "")) for one in listed if one.get("stale")),
        "newest": max(times, default=None),
        "oldest": min(times, default=None),
    }


def files(modes: Iterable[Mode], owner: int) -> dict[str, Any]:
    """Modes and owners: what others may read that should be private, and what is not ours."""
    chosen = list(modes)
    told = ("ca/qinglang-", "signer/", "anchors/")  # made to be read: certificates, digests
    top = next((one for one in chosen if one.path == "."), None)
    private_ones = [one for one in chosen if one.folder is False and one.path.endswith(SECRETS)]
    keys = [one for one in private_ones if one.path.endswith((".key", "key.pem", "-ca.pem"))]
    return {
        "data_mode": None if top is None else f"{top.mode:04o}",
        "owner": owner,
        "owned_by_root": owner == 0,
        "private": len(private_ones),
        "keys": len([one for one in keys if not one.path.startswith(told[0])]),
        "loose": sorted(
            one.path
            for one in private_ones
            if one.mode & 0o077 and (not one.path.startswith(told) or one.path == "signer/key.pem")
        )[:50],
        "writable_by_others": sorted(one.path for one in chosen if one.mode & 0o022)[:50],
        "of_another": sorted(
            one.path
            for one in chosen
            if one.owner != owner and not one.path.startswith(("signer", "anchors"))
        )[:50],
        "plain_roster": any(one.path == "identity/roster.csv" for one in chosen),
    }
