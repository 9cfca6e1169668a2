"""`events reveal`: who was behind a pseudonym, under two approvals, and every look on record.

未成年人网络保护条例 art. 36 (confirmed): approval by the responsible manager before a
worker looks at a minor's data, and a record of each access. Approvers sign the
request with an Ed25519 key of their own (chosen over one-time tokens: nobody has to
hand them out, and the approval can be checked years later from the ledger alone). A
safeguarding emergency opens at once and is reviewed afterwards. All state is in the
ledger; signing, the clock and the table of names are parameters. Pure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from gateway.ledger import Checkpoint, canonical

APPROVER, REQUEST, LOOK, REVIEW = "approver", "reveal-request", "reveal", "reveal-review"
NEEDED = 2
LONGEST_HOURS = 168
REVIEW_WITHIN = 7 * 86_400.0  # seconds
LONGEST = 500  # characters of a reason

type Sign = Callable[[str, dict[str, Any]], Checkpoint]
type Lookup = Callable[[str, str], str | None]
"""(token, school) → name, or None where nobody is known behind it."""


class RefusedError(ValueError):
    """Why the name is not shown, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who wants to know who is behind an event, and why."""

    id: str
    code: str
    school: str
    reason: str
    by: str
    made: float
    expires: float
    break_glass: bool
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What the ledger says of reveals."""

    approvers: dict[str, Ed25519PublicKey]
    requests: dict[str, Request]
    looks: tuple[Checkpoint, ...]
    reviews: dict[str, Checkpoint]

    def unreviewed(self, now: float) -> list[Request]:
        """Emergencies that somebody should have reviewed by now."""
        return [
            one
            for one in self.requests.values()
            if one.break_glass and one.id not in self.reviews and now > one.made + REVIEW_WITHIN
        ]


def book(checkpoints: Iterable[Checkpoint]) -> Book:
    """Read the ledger. A later key of an approver replaces the earlier one."""
    approvers: dict[str, Ed25519PublicKey] = {}
    requests: dict[str, Request] = {}
    looks: list[Checkpoint] = []
    reviews: dict[str, Checkpoint] = {}
    for one in checkpoints:
        body = one.body
        if one.kind == APPROVER:
            key = load_pem_public_key(str(body.get("public", "")).encode())
            if isinstance(key, Ed25519PublicKey):
                approvers[str(body.get("name", ""))] = key
        elif one.kind == REQUEST:
            request = _request(one)
            requests.setdefault(request.id, request)
        elif one.kind == LOOK:
            looks.append(one)
        elif one.kind == REVIEW:
            reviews.setdefault(str(body.get("request", "")), one)
    return Book(approvers=approvers, requests=requests, looks=tuple(looks), reviews=reviews)


def _request(one: Checkpoint) -> Request:
    body = one.body
    return Request(
        id=str(body.get("id", "")),
        code=str(body.get("code", "")),
        school=str(body.get("school", "")),
        reason=str(body.get("reason", "")),
        by=str(body.get("by", "")),
        made=one.time,
        expires=one.time + min(float(body.get("hours", 0)), LONGEST_HOURS) * 3600,
        break_glass=body.get("break_glass") is True,
        hash=one.hash,
    )


def register(name: str, key: Ed25519PublicKey, *, by: str, sign: Sign) -> Checkpoint:
    """Make somebody an approver, on record. Raises RefusedError."""
    if not name.strip() or ":" in name or not by.strip():
        raise RefusedError("批准人要有名字,不含冒号 / an approver has a name without a colon")
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    return sign(APPROVER, {"name": name, "public": pem, "by": by})


def ask(
    code: str,
    school: str,
    *,
    reason: str,
    by: str,
    hours: float,
    identifier: str,
    sign: Sign,
    break_glass: bool = False,
) -> Request:
    """Put a request on record. Raises RefusedError."""
    if len(reason.strip()) < 4 or len(reason) > LONGEST:
        raise RefusedError("请写明理由(4–500 字) / say why, in 4 to 500 characters")
    if not by.strip():
        raise RefusedError("请写明申请人 / say who asks (--by)")
    if not 0 < hours <= LONGEST_HOURS:
        raise RefusedError(f"有效期须在 {LONGEST_HOURS} 小时内 / at most {LONGEST_HOURS} hours")
    body = {
        "id": identifier,
        "code": code,
        "school": school,
        "reason": reason,
        "by": by,
        "hours": hours,
        "break_glass": break_glass,
    }
    return _request(sign(REQUEST, body))


def approve(request: Request, name: str, key: Ed25519PrivateKey) -> str:
    """An approval as text: `NAME:SIGNATURE`."""
    signature = key.sign(_approved(request, name))
    return f"{name}:{base64.urlsafe_b64encode(signature).decode('ascii')}"


def _approved(request: Request, name: str) -> bytes:
    """What is signed: the request as the ledger has it, its reason and expiry included."""
    return canonical({"approve": request.id, "hash": request.hash, "name": name})


def approvers_of(request: Request, approvals: Iterable[str], known: Book) -> list[str]:
    """The approvers whose signature holds. Raises RefusedError naming the first that does not."""
    found: dict[str, None] = {}
    for text in approvals:
        name, _, signature = text.rpartition(":")
        key = known.approvers.get(name)
        if key is None:
            raise RefusedError(f"`{name or text[:20]}` 不是登记的批准人 / is no approver on record")
        if name == request.by:
            raise RefusedError(f"申请人不能批准自己 / {name} asked, and cannot approve")
        try:
            key.verify(base64.urlsafe_b64decode(signature), _approved(request, name))
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise RefusedError(
                f"{name} 的批准不是给这份申请的 / the approval of {name} is not for this request"
            ) from error
        found[name] = None
    keys = {known.approvers[name].public_bytes(Encoding.Raw, PublicFormat.Raw) for name in found}
    if len(keys) < len(found):
        raise RefusedError("两份批准用的是同一把钥匙 / two approvals were made with one key")
    return list(found)


def look(
    request: Request,
    token: str,
    *,
    approvals: Sequence[str],
    known: Book,
    by: str,
    now: float,
    sign: Sign,
    lookup: Lookup,
) -> tuple[str | None, Checkpoint]:
    """The name, after the look was put on record. Raises RefusedError: then nothing is shown."""
    if now >= request.expires:
        raise RefusedError("申请已过期 / the request has expired: ask again")
    if by != request.by:
        raise RefusedError(f"这份申请是 {request.by} 的 / this is the request of {request.by}")
    names = [] if request.break_glass else approvers_of(request, approvals, known)
    if not request.break_glass and len(names) < NEEDED:
        raise RefusedError(
            f"还需 {NEEDED - len(names)} 份批准 / {NEEDED - len(names)} more approvals are needed"
        )
    record = {
        "request": request.id,
        "code": request.code,
        "school": request.school,
        "by": by,
        "approvers": names,
        "approvals": list(approvals),
        "break_glass": request.break_glass,
    }
    recorded = sign(LOOK, record)
    return lookup(token, request.school), recorded


def review(
    request: Request, *, by: str, justified: bool, note: str, known: Book, sign: Sign
) -> Checkpoint:
    """Judge an emergency afterwards, on record. Raises RefusedError."""
    if not request.break_glass:
        raise RefusedError("只有应急查看需要复核 / only an emergency is reviewed")
    if not by.strip() or by == request.by:
        raise RefusedError("复核人须是另一人 / somebody else must review it")
    if request.id in known.reviews:
        raise RefusedError("已复核 / it was reviewed already")
    return sign(REVIEW, {"request": request.id, "by": by, "justified": justified, "note": note})
