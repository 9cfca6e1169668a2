"""A Report for sharing: addresses, host names, units and people become labels, digests are gone.

The same name gets the same label everywhere in one report (`主机01`, `IP03`, `人员02`), so that a
reader can still follow. Names are learnt from the inventory, the evidence and what people
signed; addresses, mail addresses and names below a domain are found by their form. Catalog data
is ours and stays. Pure. What a free text tells in other words cannot be known: docs say so.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

from audit.matrix import Cell, Matrix
from audit.model import Check, Control, HighRiskRule
from audit.reports.model import Report, Share
from rules.model import Basis

_OURS = (Control, Check, HighRiskRule, Matrix, Cell, Basis, Share, Enum)
_KEPT = frozenset(
    [
        "check",
        "controls",
        "control",
        "checks",
        "version",
        "catalog",
        "probe",
        "platform",
        "number",
        "standard",
        "rule",
        "risks",
        "begins",
        "ends",
        "granted",
        "expires",
        "opened",
        "due",
        "filed",
        "filing_expires",
        "label",
        "settings",
        "served",
        "conclusion",
        "reasons",
        "kind",
        "severity",
        "state",
    ]
)
_GONE = frozenset(("digest", "filing", "access"))
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_MAC = re.compile(
    r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b|\b(?:[0-9a-f]{4}[.-]){2}[0-9a-f]{4}\b"
)
_FOUR = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_SIX = re.compile(r"(?<![\w:])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?![\w:])")
_HOST = re.compile(
    r"(?<![\w.-])(?:[A-Za-z0-9_][\w-]{0,62}\.){1,6}"
    r"(?:cn|com|net|org|edu|gov|info|io|top|xyz|local|lan|internal|intra|corp|home|invalid|test|school)"
    r"(?![\w-])",
    re.I,
)
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])")


@dataclass(slots=True)
class Labels:
    """Label by kind and name; grows while a report is walked."""

    known: dict[str, str] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)

    def of(self, kind: str, name: str) -> str:
        if name not in self.known:
            self.count[kind] = self.count.get(kind, 0) + 1
            self.known[name] = f"{kind}{self.count[kind]:02}"
        return self.known[name]


def mask(report: Report) -> Report:
    """The same report with labels for names."""
    labels = Labels()
    for kind, *names in _names(report):
        told = [one.strip() for one in names if len(one.strip()) > 1]
        first = next((labels.known[one] for one in told if one in labels.known), "")
        for one in told:
            first = first or labels.of(kind, one)
            labels.known.setdefault(one, first)
    longest = sorted(labels.known, key=len, reverse=True)
    known = re.compile("|".join(_whole(one) for one in longest)) if longest else None

    @cache
    def said(text: str) -> str:
        if known is not None:
            text = known.sub(lambda found: labels.known[found[0]], text)
        return _forms(text, labels)

    told = _walk(report, said, {})
    evidence = tuple(replace(one, document=None) for one in told.run.evidence)
    return replace(  # type: ignore[no-any-return]
        told, masked=True, run=replace(told.run, evidence=evidence, catalog="")
    )


def _whole(name: str) -> str:
    """A name where it stands alone, if it is written in letters that words are made of."""
    left = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", name) else ""
    right = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]$", name) else ""
    return f"{left}{re.escape(name)}{right}"


def _names(report: Report) -> Iterator[tuple[str, ...]]:
    """A kind and the names of one thing: they share a label."""
    yield "单位", report.organisation.name, report.organisation.id
    yield "单位", report.above
    yield "系统", report.system.name, report.system.id
    yield "单位", report.system.vendor
    yield "人员", report.system.owner
    for one in report.run.targets:
        yield "主机", one.id, one.name
        yield "系统", one.system
        yield ("IP" if _address(one.address) else "主机"), one.address
    for each in report.run.evidence:
        yield "证据", each.id
        yield "主机", each.target
        yield "人员", each.collector
        yield from _document_names(each.document)
    yield from (("人员", one.by) for one in report.answers)
    yield from (("人员", one.approver) for one in report.waivers)
    yield from (("人员", one.owner) for one in report.repairs)
    yield from (("人员", one.compensation.approver) for one in report.run.items if one.compensation)


def _document_names(document: Any) -> Iterator[tuple[str, ...]]:
    """Host names and people's accounts of a probe's document."""
    if not isinstance(document, Mapping):
        return
    for path in (("os", "hostname"), ("host", "name"), ("hostname",), ("system", "hostname")):
        value: Any = document
        for word in path:
            value = value.get(word) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            yield "主机", value
    accounts = document.get("accounts")
    users = accounts.get("users") if isinstance(accounts, Mapping) else None
    for one in users.values() if isinstance(users, Mapping) else users or ():
        if isinstance(one, Mapping) and _person(one.get("uid")):
            yield "账户", str(one.get("name", ""))


def _person(uid: Any) -> bool:
    return isinstance(uid, int) and 1000 <= uid < 65_000


def _address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _forms(text: str, labels: Labels) -> str:
    """What is told by its form: mail, hardware and network addresses, names, digests."""
    if not any(mark in text for mark in ".:-@") and len(text) < 32:
        return text
    text = _MAIL.sub(lambda found: labels.of("邮箱", found[0]), text)
    text = _MAC.sub(lambda found: labels.of("MAC", found[0].lower()), text)
    text = _FOUR.sub(lambda found: _labelled(found[0], labels), text)
    text = _SIX.sub(lambda found: _labelled(found[0], labels), text)
    text = _HOST.sub(lambda found: labels.of("域名", found[0].lower()), text)
    return _DIGEST.sub("（摘要略）", text)


_PLAIN = frozenset(("0.0.0.0", "127.0.0.1", "::", "::1", "255.255.255.255"))  # noqa: S104


def _labelled(found: str, labels: Labels) -> str:
    """Addresses that every machine has tell nothing of one and stay."""
    return labels.of("IP", found) if found not in _PLAIN and _address(found) else found


def _walk(value: Any, said: Callable[[str], str], done: dict[int, Any]) -> Any:
    """Every text below, but for what is ours. What stands in two places is walked once."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return said(value)
    if isinstance(value, _OURS):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        if id(value) not in done:
            done[id(value)] = _fields(value, said, done)
        return done[id(value)]
    if isinstance(value, tuple):
        return tuple(_walk(one, said, done) for one in value)
    if isinstance(value, Mapping):
        if _catalog(value.values()):
            return value
        return {name: _walk(one, said, done) for name, one in value.items()}
    return value


def _fields(value: Any, said: Callable[[str], str], done: dict[int, Any]) -> Any:
    changed = {}
    for one in fields(value):
        if one.name in ("document", *_KEPT):
            continue
        before = getattr(value, one.name)
        after = _empty(before) if one.name in _GONE else _walk(before, said, done)
        if after is not before:
            changed[one.name] = after
    return replace(value, **changed) if changed else value


def _catalog(values: Iterable[Any]) -> bool:
    return all(isinstance(one, _OURS) for one in values)


def _empty(value: Any) -> Any:
    return {} if isinstance(value, Mapping) else ""
