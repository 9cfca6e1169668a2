"""The signed scope: what may be looked at, when, how fast; asked before every connection.

A scope is a YAML file and, beside it, signatures (Ed25519) over its bytes by people of the
signers' list. Pure: bytes, keys and the time come in; a refusal is a sentence.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.model import Target
from policies.bundle import Signers, public
from rules.load import loads
from rules.model import Text

CONTEXT = b"qinglang audit scope v1\0"
SHANGHAI = timezone(timedelta(hours=8))
MAX_SIGNATURES = 64


class ScopeError(ValueError):
    """Why a scope is not believed, as one sentence in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """Days on which nothing is probed (高考、重保): both days included, Asia/Shanghai."""

    begins: str
    ends: str
    title: Text

    def __post_init__(self) -> None:
        if day(self.begins) > day(self.ends):
            raise ValueError("a blackout ends before it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the owner of the systems allowed. `hours` like `20:00-06:00`; empty: at any hour."""

    id: str
    system: str
    targets: tuple[str, ...]
    addresses: tuple[str, ...] = ()  # names, addresses or networks; empty: those of the inventory
    begins: str
    ends: str
    hours: str = ""
    per_minute: int = 60
    concurrency: int = 16
    kill_file: str = ""
    blackouts: tuple[Blackout, ...] = ()
    approver: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if moment(self.begins) >= moment(self.ends):
            raise ValueError("the scope ends before it begins")
        if not 1 <= self.per_minute <= 6000 or not 1 <= self.concurrency <= 500:
            raise ValueError("per_minute is 1 to 6000, concurrency 1 to 500")
        if self.hours:
            span(self.hours)


def day(text: str) -> str:
    """An ISO date, checked. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI).date().isoformat()


def moment(text: str) -> float:
    """An ISO time as Unix seconds; without a zone it is Asia/Shanghai. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=SHANGHAI)).timestamp()


def span(text: str) -> tuple[int, int]:
    """`20:00-06:00` as minutes of the day. Raises ValueError."""
    first, dash, last = text.partition("-")
    if not dash:
        raise ValueError(f"`{text}` is no span of hours like 20:00-06:00")

    def minutes(part: str) -> int:
        found = datetime.strptime(part.strip(), "%H:%M").replace(tzinfo=UTC)
        return found.hour * 60 + found.minute

    return minutes(first), minutes(last)


def signed(data: bytes, signer: str, key: Ed25519PrivateKey, before: bytes = b"") -> bytes:
    """The signatures file with this one added or renewed."""
    held = {one["signer"]: one["value"] for one in _signatures(before)} if before else {}
    held[signer] = base64.b64encode(key.sign(CONTEXT + data)).decode()
    rows = [{"signer": name, "value": held[name]} for name in sorted(held)]
    return json.dumps(rows, indent=1, ensure_ascii=False).encode() + b"\n"


def _signatures(data: bytes) -> list[dict[str, str]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) > MAX_SIGNATURES:
        raise ScopeError("签名文件不可读 / the signatures cannot be read")
    return [
        {"signer": str(one.get("signer", "")), "value": str(one.get("value", ""))}
        for one in found
        if isinstance(one, dict)
    ]


def believe(data: bytes, signatures: bytes, signers: Signers, file: str = "scope.yaml") -> Scope:
    """The scope in these bytes, if enough people signed it. Raises ScopeError, DataError."""
    given = {one["signer"]: one["value"] for one in _signatures(signatures)}
    good = [
        signer.id for signer in signers.keys if _holds(data, given.get(signer.id, ""), signer.key)
    ]
    if len(good) < signers.needed:
        raise ScopeError(
            f"授权范围的有效签名 {len(good)} 个，需要 {signers.needed} 个"
            f" / {len(good)} good signatures of {signers.needed} needed"
        )
    return loads(Scope, data.decode("utf-8", "replace"), file)


def _holds(data: bytes, value: str, key: str) -> bool:
    try:
        public(key).verify(base64.b64decode(value, validate=True), CONTEXT + data)
    except (InvalidSignature, ValueError):
        return False
    return True


def refusal(scope: Scope, target: Target, now: float, *, killed: bool = False) -> Text | None:
    """Why this target may not be contacted now; None where it may."""
    if killed:
        return Text(zh="停止文件存在，停止探测", en="the kill file is there: nothing is probed")
    if target.id not in scope.targets:
        return Text(zh="对象不在授权范围内", en="the target is not within the signed scope")
    if scope.addresses and not _covers(scope.addresses, target.address):
        return Text(zh="地址不在授权范围内", en="the address is not within the signed scope")
    if not moment(scope.begins) <= now < moment(scope.ends):
        return Text(zh="不在授权时间内", en="outside the signed time")
    here = datetime.fromtimestamp(now, SHANGHAI)
    for blackout in scope.blackouts:
        if blackout.begins <= here.date().isoformat() <= blackout.ends:
            return Text(
                zh=f"禁测期：{blackout.title.zh}", en=f"blackout dates: {blackout.title.en}"
            )
    if scope.hours and not _within(span(scope.hours), here.hour * 60 + here.minute):
        return Text(zh=f"不在允许时段 {scope.hours}", en=f"outside the hours {scope.hours}")
    return None


def _within(hours: tuple[int, int], minute: int) -> bool:
    first, last = hours
    return first <= minute < last if first < last else minute >= first or minute < last


def _covers(allowed: Iterable[str], address: str) -> bool:
    for one in allowed:
        if one.lower() == address.lower():
            return True
        try:
            if ipaddress.ip_address(address) in ipaddress.ip_network(one, strict=False):
                return True
        except ValueError:
            continue
    return False
