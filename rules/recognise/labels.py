"""Self-labels of pages: RTA, `<meta name="rating">`, PICS and ICRA, the `Rating` header.

A label is what a site says of itself, so a hit is strong and a missing one says nothing.
Plain byte searches over the first window of a page; nothing here can take long however
hostile the bytes are. What a label means is data (`rules/labels.yaml`).

Sources: RTA (rtalabel.org); WHATWG meta extension `rating`; W3C PICS 1.1 labels;
ICRA vocabularies of 2000 (`ratingsv02`) and 2005 (`vocabularyv03`), RSACi 1.0.
"""

from __future__ import annotations

from itertools import pairwise

RTA = b"rta-5042-1996-1400-1577-rta"
PAGES = ("text/html", "application/xhtml+xml", "")
MAX_TAGS = 32  # meta tags looked at
MAX_TAG = 1024  # bytes of one tag

_RATINGS = {
    b"adult": "rating-adult",
    b"mature": "rating-mature",
    b"restricted": "rating-restricted",
}
_ICRA_2000 = {
    "icra-adult": (b"na", b"nb", b"nc", b"nf", b"nh"),
    "icra-nudity": (b"nd", b"ne"),
    "icra-violence": (b"va", b"vb", b"ve", b"vh"),
    "icra-tobacco-alcohol": (b"oa", b"ob"),
    "icra-drugs": (b"oc",),
    "icra-gambling": (b"od",),
}
_ICRA_2005 = {
    "icra-adult": (b"nc", b"sc", b"se", b"sf"),
    "icra-nudity": (b"na", b"nb"),
    "icra-violence": (b"va", b"ve", b"vh"),
    "icra-tobacco-alcohol": (b"oa", b"ob"),
    "icra-drugs": (b"oc",),
    "icra-gambling": (b"oe",),
}
_SPACE = b" \t\r\n\f"


def labels(window: bytes, media_type: str) -> tuple[str, ...]:
    """The labels in the first bytes of a page, in order of strength, each once."""
    if media_type.partition(";")[0].strip().lower() not in PAGES:
        return ()
    text = window.lower()
    found = ["rta"] if RTA in text else []
    at = text.find(b"<meta")
    for _ in range(MAX_TAGS):
        if at < 0:
            break
        tag = text[at : at + MAX_TAG]
        if b"rating" in tag or b"pics" in tag:
            found += _of_meta(_attributes(tag))
        at = text.find(b"<meta", at + 5)
    return tuple(dict.fromkeys(found))


def header_labels(value: str) -> tuple[str, ...]:
    """The labels in a `Rating` (or `PICS-Label`) response header."""
    text = value[:MAX_TAG].lower().encode("utf-8", "replace")
    return tuple(dict.fromkeys(_of_value(text) + _of_pics(text)))


def _of_meta(attributes: dict[bytes, bytes]) -> list[str]:
    content = attributes.get(b"content", b"")
    names = (attributes.get(b"name"), attributes.get(b"http-equiv"))
    if b"rating" in names:
        return _of_value(content)
    return _of_pics(content) if b"pics-label" in names else []


def _of_value(content: bytes) -> list[str]:
    value = content.strip(_SPACE)
    if RTA in value:
        return ["rta"]
    return [_RATINGS[value]] if value in _RATINGS else []


def _of_pics(content: bytes) -> list[str]:
    """`(pics-1.1 "service" l … r (na 1 oc 0))`: code and value after the last `r (`."""
    if b"pics-1" not in content:
        return []
    words = content[-1024:].replace(b"(", b" ").replace(b")", b" ").split()
    values = dict(pairwise(words))
    if b"rsac" in content:
        return _of_rsac(values)
    if b"icra" not in content:
        return []
    table = _ICRA_2005 if b"vocabularyv03" in content else _ICRA_2000
    return [
        label
        for label, codes in table.items()
        if any(values.get(code, b"0") not in (b"0", b"l", b"r") for code in codes)
    ]


def _of_rsac(values: dict[bytes, bytes]) -> list[str]:
    """RSACi levels run from 0 to 4; 3 is frontal nudity, non-explicit sex, gore."""
    found = []
    if values.get(b"n", b"0") in (b"3", b"4") or values.get(b"s", b"0") in (b"3", b"4"):
        found.append("rsac-adult")
    if values.get(b"v", b"0") in (b"3", b"4"):
        found.append("rsac-violence")
    return found


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    """name → value of one start tag, quoted or not; the first of a name counts."""
    found: dict[bytes, bytes] = {}
    at = len(b"<meta")
    for _ in range(32):
        while at < len(tag) and tag[at] in _SPACE + b"/":
            at += 1
        if at >= len(tag) or tag[at] == ord(">"):
            break
        start = at
        while at < len(tag) and tag[at] not in _SPACE + b"/>=":
            at += 1
        name = tag[start:at]
        while at < len(tag) and tag[at] in _SPACE:
            at += 1
        value = b""
        if tag[at : at + 1] == b"=":
            value, at = _value(tag, at + 1)
        elif at == start:
            at += 1
        found.setdefault(name, value)
    return found


def _value(tag: bytes, at: int) -> tuple[bytes, int]:
    while at < len(tag) and tag[at] in _SPACE:
        at += 1
    quote = tag[at : at + 1]
    if quote in (b'"', b"'"):
        end = tag.find(quote, at + 1)
        end = len(tag) if end < 0 else end
        return tag[at + 1 : end], end + 1
    start = at
    while at < len(tag) and tag[at] not in _SPACE + b">":
        at += 1
    return tag[start:at], at
