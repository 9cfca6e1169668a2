"""DNS used as something else: queries inside URLs and tunnels, data inside names. Pure.

A name of a tunnel carries data, so it is long and reads like noise; record types nobody asks
for carry more. What is known to look names up that way (hash look-ups of virus scanners,
block lists) is left alone, and so is every listed name.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from math import log2

from rules.model import Signal

NULL, TXT = 10, 16
PRIVATE = range(65280, 65535)  # RFC 6895 section 3.1: private use
LONG = 80  # characters of data in a name from which on it is looked at
LABEL = 30  # characters of a label that holds data
NOISE = 3.3  # bits per character: hexadecimal has 4.0, words about 3
SURE = 0.995  # set by hand: counts at every stage (policies/stages/*.yaml)

LOOKUPS = (
    "arpa",
    "avast.com",
    "barracudacentral.org",
    "dnswl.org",
    "e5.sk",
    "kaspersky.com",
    "mcafee.com",
    "rrdns.com",
    "sophosxl.net",
    "spamhaus.net",
    "spamhaus.org",
    "surbl.org",
    "trendmicro.com",
    "uribl.com",
)


def unpadded(text: str) -> bytes:
    """The bytes of Base64 in either alphabet, padded or not; empty where it is none."""
    raw = text.replace("-", "+").replace("_", "/").replace("%3d", "").replace("%3D", "")
    raw = raw.rstrip("=")
    if len(raw) > 8192 or not raw.isascii():
        return b""
    try:
        return base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def is_query(data: bytes) -> bool:
    """Is this a DNS query of one question (RFC 1035 section 4.1)?"""
    if not 17 <= len(data) <= 1500 or data[2] & 0xF8 or data[4:6] != b"\0\1" or any(data[6:10]):
        return False
    at = 12
    while at < len(data) and 0 < data[at] < 64:
        at += data[at] + 1
    if at + 5 > len(data) or data[at]:
        return False
    return int.from_bytes(data[at + 3 : at + 5]) in (1, 3, 255)


def tunnelling(name: str, qtype: int) -> tuple[Signal, ...]:
    """What an unlisted name shows that is asked for with this type. Cheap for short names."""
    if qtype == NULL or qtype in PRIVATE:
        return (_signal(f"type {qtype}", 1.0),) if name.count(".") else ()
    if len(name) < LONG:
        return ()
    labels = name.split(".")
    data = labels[:-2]
    size = sum(map(len, data))
    long = [label for label in data if len(label) >= LABEL]
    if size < LONG or not long or sum(map(len, long)) < LONG * 3 // 4:
        return ()
    if any(name == one or name.endswith(f".{one}") for one in LOOKUPS):
        return ()
    text = "".join(long)
    if entropy(text) < NOISE or not any(one.isdigit() for one in text):
        return ()
    return (_signal(".".join(labels[-2:]), SURE),)


def entropy(text: str | bytes) -> float:
    """Bits per character."""
    whole = len(text)
    if not whole:
        return 0.0
    return -sum(n / whole * log2(n / whole) for n in Counter(text).values())


def _signal(matched: str, confidence: float) -> Signal:
    return Signal(
        category="vpn",
        recogniser="evasion",
        matched=f"DNS tunnel {matched}",
        confidence=confidence,
        place="dns",
    )
