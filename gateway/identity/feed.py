"""What the identity service tells its followers: frames, both ways. Bytes ↔ what is Known.

A frame is 4 bytes length (big endian) and a msgpack map. On connecting a follower gets the
tables and all sessions, then changes. Each frame can be taken in twice without harm. No
user name is ever in one: Subjects carry pseudonyms. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

import msgpack

from gateway.identity.known import Bound, Known, Tables
from gateway.identity.prefixes import Prefixes
from policies.model import Role, Subject

LENGTH = struct.Struct(">I")
LARGEST = 256 * 1024 * 1024
CHUNK = 5_000  # sessions in one frame of a first telling

RING, TABLES, SESSIONS, CHANGES = "ring", "tables", "sessions", "changes"

type Rows = Mapping[str, Bound | None]
"""Names and who holds them now; None where nobody does any more."""


class FeedError(ValueError):
    """Bytes that are no frame of ours."""


def framed(content: Mapping[str, Any]) -> bytes:
    body: bytes = msgpack.packb(content, use_bin_type=True)
    return LENGTH.pack(len(body)) + body


def ring_frame() -> bytes:
    """The pseudonym keys changed: read them anew."""
    return framed({"kind": RING})


def tables_frame(tables: Tables, rows: Iterable[tuple[str, Subject]]) -> bytes:
    """Static hosts and the prefixes they are made of; equal Subjects are told once."""
    places: dict[Subject, int] = {}

    def place(subject: Subject) -> int:
        return places.setdefault(subject, len(places))

    hosts = [(address, place(subject)) for address, subject in tables.hosts.items()]
    prefixes = [(prefix, place(subject)) for prefix, subject in rows]
    subjects = [told(subject) for subject in places]
    return framed({"kind": TABLES, "subjects": subjects, "hosts": hosts, "prefixes": prefixes})


def sessions_frame(rows: Rows, *, first: bool) -> bytes:
    """All sessions (`first`: the follower forgets what it knew), or those that changed."""
    said = [
        (name, None, 0.0) if bound is None else (name, told(bound.subject), bound.expires)
        for name, bound in rows.items()
    ]
    return framed({"kind": SESSIONS if first else CHANGES, "rows": said})


def take(known: Known, body: bytes) -> str:
    """Put one frame's content where it belongs; the value is its kind. Raises FeedError.

    `ring` changes nothing here: the keys are in files, which the caller reads.
    """
    try:
        said = msgpack.unpackb(body, raw=False, strict_map_key=True)
        kind = said["kind"]
        if kind == TABLES:
            known.tables = _tables(said)
        elif kind == SESSIONS:
            fresh = {name: bound for name, bound in _rows(said) if bound is not None}
            known.lengths = lengths(fresh)
            known.sessions = fresh
        elif kind == CHANGES:
            _change(known, dict(_rows(said)))
        elif kind != RING:
            raise FeedError("no kind of frame that is known here")
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        msgpack.UnpackException,
    ) as error:
        raise FeedError(f"not a frame of the identity service: {error}"[:200]) from None
    return str(kind)


def lengths(names: Iterable[str]) -> tuple[int, ...]:
    """The lengths of the IPv6 prefixes among these names, longest first."""
    found = {ip_network(name).prefixlen for name in names if "/" in name}
    return tuple(sorted(found, reverse=True))


def _change(known: Known, rows: Rows) -> None:
    more = set(lengths(name for name, bound in rows.items() if bound is not None))
    if not more <= set(known.lengths):
        known.lengths = tuple(sorted(more | set(known.lengths), reverse=True))
    for name, bound in rows.items():
        if bound is None:
            known.sessions.pop(name, None)
        else:
            known.sessions[name] = bound


def _tables(said: Mapping[str, Any]) -> Tables:
    subjects = [subject_of(one) for one in said["subjects"]]
    return Tables(
        hosts={str(address): subjects[place] for address, place in said["hosts"]},
        prefixes=Prefixes([(prefix, subjects[place]) for prefix, place in said["prefixes"]]),
    )


def _rows(said: Mapping[str, Any]) -> Iterable[tuple[str, Bound | None]]:
    for name, subject, expires in said["rows"]:
        if subject is None:
            yield str(name), None
        else:
            yield str(name), Bound(subject=subject_of(subject), expires=float(expires))


def told(one: Subject) -> tuple[str | float, ...]:
    """A Subject as plain values."""
    texts = (one.school, one.stage, one.tier, one.role, one.group, one.segment)
    return (*map(str, texts), one.token, one.source, one.confidence)


def subject_of(said: Any) -> Subject:
    """What `told` gave. Raises ValueError, TypeError."""
    school, stage, tier, role, group, segment, token, source, confidence = said
    return Subject(
        school=str(school),
        stage=str(stage),
        tier=str(tier),
        role=Role(role),
        group=str(group),
        segment=str(segment),
        token=str(token),
        source=str(source),
        confidence=float(confidence),
    )
