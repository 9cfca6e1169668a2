"""Heads of requests and answers of an application: what goes on, what is refused. Pure.

A request loses what would bring half an answer, an old one, or another path than the one that
was judged, and gets forwarding headers that are ours. An answer loses what speaks of the body
it had, and what names people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from gateway.masking.lens import Lens, Look
from gateway.masking.tables import Unmasked, UnmaskedError

type Fields = tuple[tuple[bytes, bytes], ...]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CONDITIONS = frozenset({
    b"if-none-match", b"if-modified-since", b"if-range", b"range", b"accept-encoding", b"te",
    b"want-digest", b"want-repr-digest", b"want-content-digest", b"a-im",
})  # fmt: skip
_OURS = frozenset({
    b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host",
    b"x-forwarded-port", b"x-forwarded-prefix", b"x-forwarded-server", b"x-real-ip", b"via",
    b"x-client-ip", b"true-client-ip", b"x-original-url", b"x-rewrite-url", b"x-original-host",
    b"x-http-method-override", b"x-http-method", b"x-method-override", b"proxy-connection",
    b"proxy-authorization", b"http2-settings", b"x-forwarded-uri", b"x-original-uri",
})  # fmt: skip
_OF_BODY = frozenset({
    b"etag", b"last-modified", b"content-length", b"content-encoding", b"transfer-encoding",
    b"digest", b"content-md5", b"repr-digest", b"content-digest", b"accept-ranges", b"age",
    b"expires", b"pragma", b"cache-control", b"content-type", b"trailer", b"alt-svc",
    b"signature", b"signature-input", b"sourcemap", b"x-sourcemap", b"content-range",
})  # fmt: skip
_UNREAD = frozenset({
    b"date", b"server", b"vary", b"connection", b"keep-alive", b"set-cookie", b"allow",
    b"strict-transport-security", b"content-security-policy", b"x-frame-options",
    b"x-content-type-options", b"referrer-policy", b"permissions-policy", b"retry-after",
    b"www-authenticate", b"access-control-allow-origin", b"access-control-allow-methods",
    b"access-control-allow-headers", b"access-control-allow-credentials", b"content-language",
    b"x-qinglang-code",
})  # fmt: skip
"""Headers in which nothing is looked for: they name no people, or (Set-Cookie) are the
application's own secret towards this very client."""
_LENGTH = re.compile(rb"[0-9]{1,12}").fullmatch


def refused(method: str, fields: Iterable[tuple[bytes, bytes]]) -> Unmasked | None:
    """Why a request of a role that does not see everything cannot be passed on."""
    names = {name.lower() for name, _ in fields}
    if method not in METHODS:
        return Unmasked.METHOD
    if b"range" in names:
        return Unmasked.RANGE
    return Unmasked.WEBSOCKET if b"upgrade" in names else None


def forwarded(fields: Fields, *, host: str, client: str, plain: bool) -> Fields:
    """The headers that go to the application. `plain`: this role's answers are not touched."""
    drop = _OURS if plain else _OURS | _CONDITIONS
    kept = [one for one in fields if one[0].lower() not in drop]
    node = f'"[{client}]"' if ":" in client else client
    told = [
        (b"X-Forwarded-For", client.encode()),
        (b"X-Forwarded-Proto", b"https"),
        (b"X-Forwarded-Host", host.encode()),
        (b"Forwarded", f"for={node};host={host};proto=https".encode()),
    ]
    if not plain:
        told.append((b"Accept-Encoding", b"identity"))
    return (*kept, *told)


def answered(status: int, fields: Fields, lens: Lens, look: Look, *, inside: bool) -> Fields:
    """The headers of a masked answer, without those of its body. Raises UnmaskedError."""
    if status in (206, 226, 304) or (status < 200):
        raise UnmaskedError(Unmasked.RANGE if status == 206 else Unmasked.STATUS)
    kept: list[tuple[bytes, bytes]] = []
    for name, value in fields:
        low = name.lower()
        if low in _OF_BODY:
            continue
        if low not in _UNREAD and _names_people(value, lens, look, inside=inside):
            if low == b"location":  # without it the answer leads nowhere
                raise UnmaskedError(Unmasked.HEADER)
            continue
        kept.append((name, value))
    kept += [(b"Cache-Control", b"no-store"), (b"X-Content-Type-Options", b"nosniff")]
    return tuple(kept)


def _names_people(value: bytes, lens: Lens, look: Look, *, inside: bool) -> bool:
    text = value.decode("utf-8", "replace")
    if "%" in text:
        text = f"{text}\n{unquote(text)}"
    return lens.found(text, look, inside=inside) != text


def length(fields: Fields) -> int:
    """What Content-Length says; -1 where it says nothing that can be read."""
    said = {value.strip() for name, value in fields if name.lower() == b"content-length"}
    only = said.pop() if len(said) == 1 else b""
    return int(only) if _LENGTH(only) else -1
