"""The nouns of the pages: what the client wants, which kind of page, and the finished answer.

Values only. What a page says stands in messages.yaml, how it looks in page.html
and page.css, and when it is shown is the engine's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Want(StrEnum):
    """What the client is going to do with the answer: it decides the answer's form."""

    HTML = "html"
    IMAGE = "image"
    JSON = "json"
    SCRIPT = "script"
    STYLE = "style"
    MEDIA = "media"
    FONT = "font"
    WEBSOCKET = "websocket"
    OTHER = "other"


class PageKind(StrEnum):
    """Why the gateway answers instead of the origin."""

    BLOCK = "block"  # policy says no
    WARN = "warn"  # 未成年人网络保护条例 art. 23: prominent warning first
    OUTFLOW_WARN = "outflow-warn"  # personal data is about to leave: read this first
    OUTFLOW_BLOCK = "outflow-block"  # it may not leave
    OUTFLOW_NOTED = "outflow-noted"  # somebody said that it must
    NOTICE = "notice"  # a quota comes to its end: shown once, before it does
    ERROR = "error"  # the destination, or the way to it, is broken
    MARKER = "marker"  # the test page of a category that the policy lets pass
    REFUSED = "refused"  # the request itself cannot be accepted
    MASKED = "masked"  # an application's answer that cannot be masked
    LOGIN = "login"  # the proxy wants a user name and a password (407)
    PORTAL = "portal"  # the gateway's own welcome page
    RECEIVED = "received"  # an appeal has arrived
    UNRECEIVED = "unreceived"  # it has not: too many, too old, or broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole answer. `headers` lack Content-Length and Date: the engine adds them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
