"""Reversal of a mask: two approvers, a reason, an expiry and a record, or nothing is shown.

未成年人网络保护条例 art. 36 (confirmed): approval by the responsible manager and a record of each
access. The request and the reversal are checkpoints of the ledger, and the approvers are those
registered there (`qinglang events approver`). The record is written before anything is opened.
Signing, the clock and what opens a value are parameters. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.ledger import Checkpoint, canonical

REQUEST, DONE = "unmask-request", "unmask"
NEEDED = 2
LONGEST_HOURS = 72
LONGEST_REASON = 500
MOST_VALUES = 1000

type Sign = Callable[[str, dict[str, Any]], Checkpoint]
type Open = Callable[[str], str | None]


class RefusedError(ValueError):
    """Why nothing is opened, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who wants which masked values back, and why; the values only by their digest."""

    id: str
    values: str  # digest of the masked values, in order
    count: int
    column: str
    reason: str
    by: str
    expires: float
    hash: str


def digest_of(values: Iterable[str]) -> str:
    """What a request says of the masked values it is for."""
    return hashlib.sha256(canonical(list(values))).hexdigest()


def ask(
    values: Sequence[str],
    *,
    column: str,
    reason: str,
    by: str,
    hours: float,
    identifier: str,
    sign: Sign,
) -> Request:
    """Put a request on record. Raises RefusedError."""
    if not 4 <= len(reason.strip()) <= LONGEST_REASON:
        raise RefusedError("请写明理由(4–500 字) / say why, in 4 to 500 characters")
    if not by.strip():
        raise RefusedError("请写明申请人 / say who asks")
    if not 0 < hours <= LONGEST_HOURS:
        raise RefusedError(f"有效期须在 {LONGEST_HOURS} 小时内 / at most {LONGEST_HOURS} hours")
    if not 0 < len(values) <= MOST_VALUES:
        raise RefusedError(f"一次 1–{MOST_VALUES} 个值 / 1 to {MOST_VALUES} values at once")
    body = {
        "id": identifier,
        "values": digest_of(values),
        "count": len(values),
        "column": column,
        "reason": reason.strip(),
        "by": by.strip(),
        "hours": hours,
    }
    return request_of(sign(REQUEST, body))


def request_of(one: Checkpoint) -> Request:
    """The request a checkpoint holds."""
    body = one.body
    return Request(
        id=str(body.get("id", "")),
        values=str(body.get("values", "")),
        count=int(body.get("count", 0)),
        column=str(body.get("column", "")),
        reason=str(body.get("reason", "")),
        by=str(body.get("by", "")),
        expires=one.time + min(float(body.get("hours", 0)), LONGEST_HOURS) * 3600,
        hash=one.hash,
    )


def find(checkpoints: Iterable[Checkpoint], identifier: str) -> tuple[Request, bool]:
    """The request of an id, and whether it was used already. Raises RefusedError."""
    found: Request | None = None
    used = False
    for one in checkpoints:
        if one.kind == REQUEST and found is None and one.body.get("id") == identifier:
            found = request_of(one)
        used = used or (one.kind == DONE and one.body.get("request") == identifier)
    if found is None:
        raise RefusedError("没有这份申请 / there is no such request")
    return found, used


def approve(request: Request, name: str, key: Ed25519PrivateKey) -> str:
    """An approval as text: `NAME:SIGNATURE`."""
    signature = key.sign(_approved(request, name))
    return f"{name}:{base64.urlsafe_b64encode(signature).decode('ascii')}"


def _approved(request: Request, name: str) -> bytes:
    """What is signed: the request as the ledger has it, its reason and expiry included."""
    return canonical({"unmask": request.id, "hash": request.hash, "name": name})


def approvers_of(
    request: Request, approvals: Iterable[str], known: Mapping[str, Ed25519PublicKey]
) -> list[str]:
    """Whose signatures hold. Raises RefusedError for the first that does not."""
    found: dict[str, bytes] = {}
    for text in approvals:
        name, _, signature = text.rpartition(":")
        key = known.get(name)
        if key is None:
            raise RefusedError("不是登记的批准人 / no approver on record")
        if name == request.by:
            raise RefusedError("申请人不能批准自己 / who asks cannot approve")
        try:
            key.verify(base64.urlsafe_b64decode(signature), _approved(request, name))
        except (InvalidSignature, binascii.Error, ValueError):
            raise RefusedError(f"{name} 的批准不是给这份申请的 / not for this request") from None
        found[name] = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    if len(set(found.values())) < len(found):
        raise RefusedError("两份批准用的是同一把钥匙 / two approvals were made with one key")
    if len(found) < NEEDED:
        missing = NEEDED - len(found)
        raise RefusedError(f"还需 {missing} 份批准 / {missing} more approvals are needed")
    return list(found)


def reverse(
    request: Request,
    values: Sequence[str],
    *,
    used: bool,
    approvals: Sequence[str],
    known: Mapping[str, Ed25519PublicKey],
    by: str,
    now: float,
    sign: Sign,
    opened: Open,
) -> list[str | None]:
    """The originals, after the reversal was put on record. Raises RefusedError: nothing opened."""
    if used:
        raise RefusedError("申请已用过 / the request was used already: ask again")
    if now >= request.expires:
        raise RefusedError("申请已过期 / the request has expired: ask again")
    if by != request.by:
        raise RefusedError("这份申请是别人的 / this is the request of somebody else")
    if digest_of(values) != request.values:
        raise RefusedError("值与申请不符 / these are not the values of the request")
    names = approvers_of(request, approvals, known)
    record = {
        "request": request.id,
        "count": request.count,
        "column": request.column,
        "by": by,
        "approvers": names,
        "approvals": list(approvals),
    }
    sign(DONE, record)
    return [opened(value) for value in values]
