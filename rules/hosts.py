"""Canonical names: one spelling for every way a host or URL can be written.

A browser, a list and a hostile client write the same host in many ways: mixed case,
full-width dots, Unicode, percent signs, octal addresses. Everything that is compared
or looked up is first brought to one form here. Pure text functions; no resolving,
no files. What a browser would refuse, and whatever could make two programs read two
different hosts, is a ValueError with a reason.

Sources: WHATWG URL §3.5 (hosts, IPv4 forms), UTS #46 (mapping), RFC 1035 §2.3.4
(63 and 253 octets), RFC 3986 §6.2.2 (percent encoding, dot segments), RFC 5952 (IPv6).
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address

MAX_NAME = 253  # octets, RFC 1035 §2.3.4 without the root dot
MAX_TEXT = 2048  # characters looked at before canonicalisation
MAX_PATH = 2048  # characters of path plus query that take part in matching

_PLAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z_-][a-z0-9_-]{0,62}").fullmatch
_LABELS = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*").fullmatch
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*").fullmatch
_DOTS = str.maketrans("。．｡", "...")
_IGNORED = re.compile("[\u00ad\u034f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]+")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[/\\]{2}").match
_PORT = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ftp": 21}
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_SIMPLE_PATH = re.compile(r"(?:/[a-z0-9_~-][a-z0-9_~.-]*)*/?(?:\?[a-z0-9_~.=&;-]*)?").fullmatch
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


def canonical(text: str) -> str:
    """The one spelling of a host: lower case A-labels, or an address without brackets.

    IPv4 forms that browsers accept (decimal, octal, hexadecimal, fewer parts) become
    dotted quads; IPv4-mapped IPv6 becomes the IPv4 address it reaches.
    Raises ValueError, with the reason, for what is not one host.
    """
    if _PLAIN(text) and len(text) <= MAX_NAME:
        return text
    if not text:
        raise ValueError("the host is empty")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the host is longer than {MAX_TEXT} characters")
    if "%" in text:
        text = _decoded(text)
    if text.startswith("[") or text.count(":") > 1:
        return _ipv6(text)
    name = _ascii(text).removesuffix(".")
    _check(name)
    if _NUMBER(name.rpartition(".")[2]):
        return _ipv4(name)
    return name


def is_address(name: str) -> bool:
    """True for a canonical IPv4 or IPv6 literal (a canonical name never ends in a number)."""
    return ":" in name or name.rpartition(".")[2].isdigit()


def split_url(text: str) -> tuple[str, int, str]:
    """(canonical host, port, path with query) of a URL, `host/path`, `host:port` or host.

    The port is 0 where neither written nor given by the scheme; the path is empty
    where none is written and loses its fragment. Raises ValueError with a reason.
    """
    if any(character <= " " or character == "\x7f" for character in text):
        raise ValueError("a URL holds no spaces or control characters")
    found = _URL(text)
    scheme = found[1].lower() if found else ""
    rest = text[found.end() :] if found else text.removeprefix("//")
    cut = min((rest.find(mark) for mark in "/\\?#" if mark in rest), default=len(rest))
    authority, path = rest[:cut], rest[cut:].partition("#")[0]
    if path.startswith("\\"):
        path = "/" + path[1:]
    if path.startswith("?"):
        path = "/" + path
    host, port = _authority(authority.rpartition("@")[2])
    return canonical(host), port or _PORT.get(scheme, 0), path


def normal_path(path: str) -> str:
    """Path plus query as it is matched: decoded, without dot segments, case folded.

    Unreserved characters are decoded once (so `%252e` stays), `//`, `/./` and `/../`
    are resolved, backslashes are slashes, other characters are percent-encoded.
    At most MAX_PATH characters are kept.
    """
    path = path[:MAX_PATH]
    if path[:1] == "/" and _SIMPLE_PATH(path):
        return path
    path = path.partition("#")[0]
    where, mark, query = path.partition("?")
    where = _unreserved(where.replace("\\", "/"))
    segments: list[str] = []
    for segment in where.split("/"):
        if segment == "..":
            segments[-1:] = []
        elif segment not in ("", "."):
            segments.append(segment)
    tail = "/" if segments and where.endswith(("/", "/.", "/..")) else ""
    return "/" + "/".join(segments) + tail + mark + _unreserved(query)


def boundaries(path: str, most: int = 16) -> list[str]:
    """The prefixes of a normal path at `/ ? & ;`, longest first, without trailing slash.

    At most `most` of the shortest are tried, and the whole path.
    """
    cuts = [at for at, mark in enumerate(path) if mark in "/?&;" and at][:most]
    if path[-1:] != "/":
        cuts.append(len(path))
    return [path[:cut] for cut in sorted(set(cuts), reverse=True)]


def _authority(text: str) -> tuple[str, int]:
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("the brackets of the address do not match")
        return host + bracket, _port(rest[1:])
    if text.count(":") > 1:
        return text, 0  # a bare IPv6 address
    host, _, port = text.partition(":")
    return host, _port(port)


def _port(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise ValueError("the port is not a number from 0 to 65535")
    return int(text)


def _decoded(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("a percent sign is not followed by two hexadecimal digits")
    raw = _PERCENT.sub(lambda found: chr(int(found[1], 16)), text)
    try:
        return raw.encode("latin-1").decode("utf-8") if text.isascii() else raw
    except UnicodeDecodeError as error:
        raise ValueError("the percent-encoded bytes are not UTF-8") from error


def _ascii(text: str) -> str:
    """Lower case, ideographic dots, UTS #46 mapping and A-labels for what is not ASCII."""
    if text.isascii():
        return text.lower()
    mapped = _mapped(_IGNORED.sub("", text.translate(_DOTS)))
    return ".".join(_label(label) for label in mapped.translate(_DOTS).split("."))


def _mapped(text: str) -> str:
    try:
        import idna  # loads large tables; only names that are not ASCII pay for it
    except ImportError:
        text = unicodedata.normalize("NFKC", text).lower()
        return unicodedata.normalize("NFKC", text)
    try:
        return idna.uts46_remap(text, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError("the name holds characters that no host name may hold") from error


def _label(label: str) -> str:
    if label.isascii():
        return label
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zs") for character in label):
        raise ValueError("the name holds a control character or a space")
    return "xn--" + label.encode("punycode").decode("ascii")


def _check(name: str) -> None:
    if len(name) > MAX_NAME:
        raise ValueError(f"the name is longer than {MAX_NAME} octets")
    if _LABELS(name):
        return
    if any(character <= " " or character == "\x7f" for character in name):
        raise ValueError("the name holds a control character or a space")
    if "" in name.split("."):
        raise ValueError("the name has an empty label")
    if max(map(len, name.split("."))) > 63:
        raise ValueError("a label is longer than 63 octets")
    wrong = next(character for character in name if not _LABELS(character) and character != ".")
    raise ValueError(f"`{wrong}` cannot stand in a host name")


def _ipv4(name: str) -> str:
    parts = name.split(".")
    if len(parts) > 4:
        raise ValueError("the name ends in a number but is not an IPv4 address")
    values = [_number(part) for part in parts]
    last = values.pop()
    if any(value > 255 for value in values) or last >= 256 ** (4 - len(values)):
        raise ValueError("a part of the IPv4 address is too large")
    total = last
    for place, value in enumerate(values):
        total += value << (8 * (3 - place))
    return str(IPv4Address(total))


def _number(part: str) -> int:
    """One part of an IPv4 address: decimal, 0octal or 0xhexadecimal (WHATWG URL §3.5)."""
    if not _NUMBER(part) or len(part) > 20:
        raise ValueError("the name ends in a number but is not an IPv4 address")
    if part[:2] == "0x":
        return int(part[2:] or "0", 16)
    if len(part) > 1 and part[0] == "0":
        if any(digit in "89" for digit in part):
            raise ValueError("an octal part of the IPv4 address holds 8 or 9")
        return int(part, 8)
    return int(part)


def _ipv6(text: str) -> str:
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not inner.isascii() or "[" in inner or "]" in inner or "%" in inner:
        raise ValueError("not an IPv6 address (a zone id is not accepted)")
    try:
        address = IPv6Address(inner)
    except AddressValueError as error:
        raise ValueError("not an IPv6 address") from error
    return str(address.ipv4_mapped or address)


def _unreserved(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0]

    text = _PERCENT.sub(plain, text)
    if not text.isascii() or any(character <= " " for character in text):
        text = "".join(map(_encoded, text))
    return text.lower()


def _encoded(character: str) -> str:
    if " " < character < "\x7f":
        return character
    return "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "replace"))
