"""The ledger: records as canonical bytes → Merkle root → signed, hash-linked checkpoint.

Generic: events, audits and drills hand in bytes. A checkpoint is one line of
canonical JSON with an Ed25519 signature; each names the digest of the one before, and
anchors are digests kept where the database's owner cannot reach them. What is
signed cannot be rewritten without the key; what is anchored cannot be cut off.
Pure: no file, socket or clock; keys are parameters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = 1
FIRST = "0" * 64
"""What the first checkpoint of a chain names as its predecessor."""

LARGEST_LINE = 1024 * 1024

type Hash = Callable[[bytes], bytes]


class LedgerError(ValueError):
    """Bytes that are no checkpoint, anchor or key of this ledger."""


class Digest(StrEnum):
    """The hash of leaves, nodes and links; the value stands in every checkpoint."""

    SHA256 = "sha256"
    SM3 = "sm3"  # GB/T 32905, where the installed OpenSSL has it


class Fault(StrEnum):
    """What is wrong with a chain of checkpoints."""

    UNREADABLE = "unreadable"
    SIGNATURE = "signature"
    LINK = "link"
    MISSING = "missing"
    REWRITTEN = "rewritten"  # an anchor says otherwise
    CUT_OFF = "cut-off"  # an anchor is younger than the chain's end
    FOREIGN_KEY = "foreign-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One signed statement. `body` is the kind's own; `by` is the asking account's uid."""

    seq: int
    prev: str
    time: float
    node: str
    kind: str
    body: dict[str, Any]
    digest: Digest
    key: str
    by: int
    signature: bytes
    content: bytes  # what was signed and hashed
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A checkpoint's digest as somebody else kept it."""

    seq: int
    hash: str
    node: str = ""
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFault:
    """One thing wrong, and at which checkpoint."""

    seq: int
    fault: Fault
    detail: str = ""


def hasher(digest: Digest) -> Hash:
    """The hash function. Raises LedgerError where the installed OpenSSL lacks it."""
    if digest is Digest.SHA256:
        return lambda data: hashlib.sha256(data).digest()
    try:
        hashlib.new(digest.value)
    except ValueError as error:
        raise LedgerError(f"本机没有 {digest} / this OpenSSL has no {digest}") from error
    return lambda data: hashlib.new(digest.value, data).digest()


def leaf(record: bytes, digest: Digest = Digest.SHA256) -> bytes:
    """The hash of one record, apart from those of inner nodes (RFC 6962 section 2.1)."""
    return hasher(digest)(b"\0" + record)


def leaves(records: Iterable[bytes], digest: Digest = Digest.SHA256) -> list[bytes]:
    """The hashes of many records; the hot loop of verification."""
    if digest is Digest.SHA256:
        sha256 = hashlib.sha256
        return [sha256(b"\0" + record).digest() for record in records]
    find = hasher(digest)
    return [find(b"\0" + record) for record in records]


def root(hashes: Sequence[bytes], digest: Digest = Digest.SHA256) -> bytes:
    """The Merkle root over leaf hashes; a lone node rises unchanged. Nothing hashes to zeroes."""
    level = list(hashes)
    if not level:
        return bytes(32)
    sha256 = hashlib.sha256
    plain = digest is Digest.SHA256
    find = hasher(digest)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = (
            [sha256(b"\1" + left + right).digest() for left, right in pairs]
            if plain
            else [find(b"\1" + left + right) for left, right in pairs]
        )
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def proof(hashes: Sequence[bytes], place: int, digest: Digest = Digest.SHA256) -> list[str]:
    """What shows that one leaf is under the root, without the others: `L…`/`R…` in hex."""
    found: list[str] = []
    level = list(hashes)
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            found.append(("L" if beside < place else "R") + level[beside].hex())
        level = [root(level[start : start + 2], digest) for start in range(0, len(level), 2)]
        place //= 2
    return found


def proven(
    hashed: bytes, steps: Iterable[str], wanted: bytes, digest: Digest = Digest.SHA256
) -> bool:
    """Whether these steps lead from a leaf's hash to the root."""
    find = hasher(digest)
    try:
        for step in steps:
            other = bytes.fromhex(step[1:])
            pair = other + hashed if step.startswith("L") else hashed + other
            hashed = find(b"\1" + pair)
    except ValueError:
        return False
    return hashed == wanted


def canonical(data: Any) -> bytes:
    """The one JSON text of this data, as bytes."""
    text = json.dumps(
        data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8", "surrogatepass")


def key_id(public: Ed25519PublicKey) -> str:
    """Sixteen hex digits that name a public key."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def sign(
    key: Ed25519PrivateKey,
    *,
    before: Checkpoint | None,
    now: float,
    node: str,
    kind: str,
    body: dict[str, Any],
    by: int,
    digest: Digest = Digest.SHA256,
) -> str:
    """The line of the checkpoint that follows `before`."""
    content = {
        "v": VERSION,
        "seq": before.seq + 1 if before else 1,
        "prev": before.hash if before else FIRST,
        "time": round(now, 3),
        "node": node,
        "kind": kind,
        "body": body,
        "digest": digest.value,
        "key": key_id(key.public_key()),
        "by": by,
    }
    signature = base64.b64encode(key.sign(canonical(content))).decode("ascii")
    return canonical({**content, "sig": signature}).decode("utf-8", "surrogatepass")


_SHAPE: dict[str, type | tuple[type, ...]] = {
    "v": int,
    "seq": int,
    "prev": str,
    "time": (int, float),
    "node": str,
    "kind": str,
    "body": dict,
    "digest": str,
    "key": str,
    "by": int,
    "sig": str,
}


def read(line: str | bytes) -> Checkpoint:
    """The checkpoint of one line. Raises LedgerError for anything but canonical bytes of one."""
    if len(line) > LARGEST_LINE:
        raise LedgerError("the line is too long")
    try:
        data = json.loads(line)
        if not isinstance(data, dict) or set(data) != set(_SHAPE) or data["v"] != VERSION:
            raise LedgerError("not a checkpoint of this version")
        for name, kind in _SHAPE.items():
            if not isinstance(data[name], kind) or isinstance(data[name], bool):
                raise LedgerError(f"`{name}` of the checkpoint has the wrong kind")
        signature = base64.b64decode(data.pop("sig"), validate=True)
        digest = Digest(data["digest"])
        content = canonical(data)
        return Checkpoint(
            seq=data["seq"],
            prev=data["prev"],
            time=float(data["time"]),
            node=data["node"],
            kind=data["kind"],
            body=data["body"],
            digest=digest,
            key=data["key"],
            by=data["by"],
            signature=signature,
            content=content,
            hash=hasher(digest)(content).hex(),
        )
    except LedgerError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise LedgerError(f"not a checkpoint: {type(error).__name__}") from error


def signed(checkpoint: Checkpoint, keys: Mapping[str, Ed25519PublicKey]) -> bool:
    """Does one of these keys' signature hold?"""
    public = keys.get(checkpoint.key)
    if public is None:
        return False
    try:
        public.verify(checkpoint.signature, checkpoint.content)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The checkpoints that read, in order, and everything wrong with them."""

    checkpoints: tuple[Checkpoint, ...]
    faults: tuple[ChainFault, ...]


def check(
    lines: Iterable[str | bytes],
    keys: Mapping[str, Ed25519PublicKey],
    anchors: Iterable[Anchor] = (),
) -> Chain:
    """Read and check a chain: signatures, numbers, links, and what anchors say of it.

    Only checkpoints whose signature holds are given back: nothing else is evidence.
    """
    good: dict[int, Checkpoint] = {}
    faults: list[ChainFault] = []
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = read(line)
        except LedgerError as error:
            faults.append(ChainFault(seq=place, fault=Fault.UNREADABLE, detail=str(error)))
            continue
        if found.key not in keys:
            faults.append(ChainFault(seq=found.seq, fault=Fault.FOREIGN_KEY, detail=found.key))
        elif not signed(found, keys):
            faults.append(ChainFault(seq=found.seq, fault=Fault.SIGNATURE))
        elif good.setdefault(found.seq, found).hash != found.hash:
            faults.append(ChainFault(seq=found.seq, fault=Fault.REWRITTEN, detail="two of it"))
    ordered = [good[seq] for seq in sorted(good)]
    faults += _links(ordered)
    faults += _anchored(good, anchors)
    return Chain(checkpoints=tuple(ordered), faults=tuple(faults))


def _links(ordered: Sequence[Checkpoint]) -> Iterable[ChainFault]:
    seq, hashed = 0, FIRST
    for one in ordered:
        if one.seq != seq + 1:
            yield ChainFault(seq=seq + 1, fault=Fault.MISSING, detail=f"{seq + 1}–{one.seq - 1}")
        elif one.prev != hashed:
            yield ChainFault(seq=one.seq, fault=Fault.LINK)
        seq, hashed = one.seq, one.hash


def _anchored(good: dict[int, Checkpoint], anchors: Iterable[Anchor]) -> Iterable[ChainFault]:
    last = max(good, default=0)
    for anchor in anchors:
        known = good.get(anchor.seq)
        if known is not None and known.hash.startswith(anchor.hash):
            continue
        if known is not None:
            yield ChainFault(seq=anchor.seq, fault=Fault.REWRITTEN, detail="the anchor differs")
        elif anchor.seq > last:
            yield ChainFault(
                seq=last + 1, fault=Fault.CUT_OFF, detail=f"an anchor knows {anchor.seq}"
            )


def anchor_line(checkpoint: Checkpoint) -> str:
    """What is kept elsewhere, as one JSON line."""
    return canonical(
        {
            "ledger": VERSION,
            "node": checkpoint.node,
            "seq": checkpoint.seq,
            "time": checkpoint.time,
            "hash": checkpoint.hash,
            "key": checkpoint.key,
        }
    ).decode()


def printed(checkpoint: Checkpoint) -> str:
    """The digest for paper or a telephone: `node 120 1a2b-3c4d-…` (32 hex digits)."""
    short = checkpoint.hash[:32]
    groups = "-".join(short[start : start + 4] for start in range(0, 32, 4))
    return f"{checkpoint.node} {checkpoint.seq} {groups}"


_PRINTED = re.compile(r"^\s*(\S+) (\d{1,18}) ([0-9a-f]{4}(?:-[0-9a-f]{4}){7})\s*$")


def read_anchors(text: str) -> list[Anchor]:
    """Anchors of a file: JSON lines (also behind a syslog head) and printed digests.

    What is neither is passed over: a log has other lines too.
    """
    found: list[Anchor] = []
    for line in text.splitlines():
        plain = _PRINTED.match(line)
        if plain:
            hashed = plain[3].replace("-", "")
            found.append(Anchor(seq=int(plain[2]), hash=hashed, node=plain[1]))
            continue
        begin = line.find('{"')
        if begin < 0:
            continue
        try:
            data = json.loads(line[begin:])
            if data["ledger"] == VERSION and len(data["hash"]) == 64 and int(data["seq"]) > 0:
                found.append(
                    Anchor(
                        seq=int(data["seq"]),
                        hash=str(data["hash"]),
                        node=str(data["node"]),
                        time=float(data["time"]),
                    )
                )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            continue
    return found
