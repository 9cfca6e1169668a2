"""The warning page's "continue": a signed, expiring ticket, its link, and its cookie.

Pure: `now` and the key are parameters, nothing is stored. The ticket is bound to
one subject and one exact host (a warning read for one host says nothing about
its neighbours). The way back is always a path on the same origin: an open
redirect on every host of the Internet would be a gift to phishers.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from urllib.parse import quote, unquote

from gateway.page.model import Page

CONTINUE_PATH = "/.well-known/qinglang/continue"
COOKIE = "__ql_ok"
OUT_COOKIE = "__ql_ok_out"  # what may leave for a host, after `gateway.page.confirm`

LONGEST_TICKET = 64  # characters
LONGEST_TARGET = 8192  # characters of a path that is returned to; longer ones go to "/"
MINIMUM_KEY = 16  # bytes

_OURS = (COOKIE, OUT_COOKIE)
_PURPOSE = b"qinglang continue v1\0"
_KEPT = "/?#[]@!$&'()*+,;=:%-._~"  # stays as it is in a path and query (RFC 3986)


class Tickets:
    """Issues and checks tickets. Two processes with the same key accept each other's."""

    def __init__(self, key: bytes, lifetime: int = 3600) -> None:
        if len(key) < MINIMUM_KEY:
            raise ValueError(f"a ticket key needs at least {MINIMUM_KEY} bytes")
        self._key = key
        self.lifetime = lifetime  # seconds

    def issue(self, subject: str, host: str, now: float) -> str:
        """A url-safe ticket for `subject` at exactly `host`, good for `lifetime` seconds."""
        expires = f"{int(now) + self.lifetime:x}"
        return f"{expires}.{self._seal(expires, subject, host)}"

    def valid(self, ticket: str, subject: str, host: str, now: float) -> bool:
        """Is the ticket ours, for this subject and host, and not expired? Total."""
        if len(ticket) > LONGEST_TICKET or not ticket.isascii():
            return False
        expires, _, seal = ticket.partition(".")
        if not hmac.compare_digest(seal, self._seal(expires, subject, host)):
            return False
        return now < int(expires, 16) <= now + self.lifetime + 1

    def _seal(self, expires: str, subject: str, host: str) -> str:
        name = host.lower().rstrip(".").encode("utf-8", "surrogatepass")
        who = subject.encode("utf-8", "surrogatepass")
        parts = (expires.encode(), who, name)
        message = _PURPOSE + b"".join(len(part).to_bytes(4) + part for part in parts)
        digest = hmac.digest(self._key, message, hashlib.sha256)[:18]
        return urlsafe_b64encode(digest).decode()


def continue_link(ticket: str, path: str) -> str:
    """The continue button's target, relative to the host: give it to `make` as it is."""
    target = quote(path, safe="/", errors="replace")
    return f"{CONTINUE_PATH}?t={_bare(ticket)}&to={target}"


def continue_target(query: str) -> tuple[str, str]:
    """(ticket, path) of a continue link's query. Total.

    The path always starts with one "/", is plain ASCII, and never names another
    origin; whatever could (scheme, "//", backslash, control characters) gives "/".
    """
    found = {"t": "", "to": ""}
    for pair in reversed(query.split("&")):
        name, _, value = pair.partition("=")
        if name in found:
            found[name] = value
    return unquote(found["t"])[:LONGEST_TICKET], same_path(unquote(found["to"]))


def same_path(path: str) -> str:
    """The path as a link on the same origin; whatever could lead elsewhere gives "/". Total."""
    if not path.startswith("/") or path.startswith("//") or len(path) > LONGEST_TARGET:
        return "/"
    if "\\" in path or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in path):
        return "/"
    if path.startswith(CONTINUE_PATH):
        return "/"
    return quote(path, safe=_KEPT, errors="replace")


def _bare(ticket: str) -> str:
    return quote(ticket, safe="", errors="replace")


def continue_page(*, ticket: str, path: str, secure: bool, lifetime: int) -> Page:
    """303 back to `path` (from `continue_target`) with the ticket as a cookie.

    Check the ticket with `Tickets.valid` first. `secure`: the request came over
    TLS. `lifetime` in seconds, normally `Tickets.lifetime`.
    """
    cookie = f"{COOKIE}={_bare(ticket)}; Max-Age={lifetime}; Path=/; HttpOnly; SameSite=Lax"
    return Page(
        status=303,
        headers=(
            ("Location", same_path(path)),
            ("Set-Cookie", f"{cookie}; Secure" if secure else cookie),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
        ),
        body=b"",
    )


def ticket_of(cookie_header: str, wanted: str = COOKIE) -> str:
    """Our cookie's value in a Cookie header, or "". Total; the value is not yet checked."""
    for pair in cookie_header.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == wanted:
            return value.strip()[:LONGEST_TICKET]
    return ""


def strip_cookie(cookie_header: str) -> str:
    """The Cookie header without our cookie: the origin never sees it.

    Other cookies keep their bytes and order; "" means the header is to be dropped.
    """
    if COOKIE not in cookie_header:
        return cookie_header
    pairs = cookie_header.split(";")
    kept = [pair for pair in pairs if pair.partition("=")[0].strip() not in _OURS]
    return ";".join(kept).strip() if len(kept) < len(pairs) else cookie_header
