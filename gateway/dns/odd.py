"""The odd path: whatever is no ordinary query, read by a full parser (dnspython).

It ends in a Query that is answered like any other, or in a Refusal with the code
the RFCs want. Pure; hostile bytes end in FORMERR.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import dns.exception
import dns.message
import dns.name

from gateway.dns.wire import HEADER, PAIR, UDP_PLAIN, Query, Rcode, text_of


class Refusal(NamedTuple):
    """An answer without records, and the name that was asked, if it could be read."""

    rcode: int
    name: str = ""


_OPCODES = {4: Rcode.REFUSED, 5: Rcode.REFUSED}  # NOTIFY, UPDATE: we are nobody's secondary
_TYPES = {
    0: Rcode.FORMERR,
    41: Rcode.FORMERR,  # OPT is no question (RFC 6891 §6.1.1)
    249: Rcode.NOTIMP,  # TKEY
    250: Rcode.FORMERR,  # TSIG
    251: Rcode.REFUSED,  # IXFR
    252: Rcode.REFUSED,  # AXFR
    253: Rcode.NOTIMP,  # MAILB
    254: Rcode.NOTIMP,  # MAILA
}


def read_odd(data: bytes) -> Query | Refusal:
    """At least a header, QR clear → Query or Refusal. Never raises for foreign bytes."""
    _, flags, questions, answers, _, _ = HEADER.unpack_from(data)
    if opcode := flags >> 11 & 15:
        return Refusal(_OPCODES.get(opcode, Rcode.NOTIMP))
    if questions != 1:
        return Refusal(Rcode.FORMERR)  # RFC 9619: exactly one
    try:
        message = dns.message.from_wire(data)
        question = message.question[0]
        wire = b"".join(bytes((len(label),)) + label for label in question.name.labels)
    except dns.message.UnknownTSIGKey:
        return Refusal(Rcode.NOTAUTH)  # RFC 8945 §5.2.1: we hold no keys
    except (dns.exception.DNSException, ValueError, LookupError, struct.error):
        return Refusal(Rcode.FORMERR)
    name = text_of(wire.lower())
    if int(question.rdclass) != 1:
        return Refusal(Rcode.REFUSED, name)  # CHAOS: nothing of us is told
    qtype = int(question.rdtype)
    if qtype in _TYPES:
        return Refusal(_TYPES[qtype], name)
    if answers or message.answer or message.authority:
        return Refusal(Rcode.FORMERR, name)
    edns = message.edns >= 0
    return Query(
        message.id,
        flags,
        wire + PAIR.pack(qtype, 1),
        wire.lower(),
        name,
        qtype,
        max(message.payload, UDP_PLAIN) if edns else 0,
        edns and bool(message.ednsflags & 0x8000),
        message.edns if edns else 0,
    )
