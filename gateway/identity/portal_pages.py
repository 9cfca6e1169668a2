"""The portal's few pages, zh first: words from portal_pages.yaml, form from portal_page.html.

No script, nothing from outside, and nothing about anybody: who is logged in stands on none.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Self

from rules.load import load, read_text
from rules.model import Text

HERE = Path(__file__).parent


class Shown(StrEnum):
    """The pages there are."""

    HOME = "home"
    DONE = "done"
    OUT = "out"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"
    AWAY = "away"
    FULL = "full"
    MISSING = "missing"


class Link(StrEnum):
    """Where a page leads."""

    LOGIN = "login"
    LOGOUT = "logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One page's."""

    status: int
    title: Text
    text: Text
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the buttons say."""

    login: Text
    logout: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AllWords:
    """The content of portal_pages.yaml."""

    home: Words
    done: Words
    out: Words
    refused: Words
    expired: Words
    failed: Words
    away: Words
    full: Words
    missing: Words
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. `headers` lack Content-Length."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Pages:
    """Made once; `reply` only looks up."""

    def __init__(self, words: AllWords, page: str) -> None:
        style = page.partition("<style>")[2].partition("</style>")[0]
        digest = b64encode(sha256(style.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", f"{policy}; base-uri 'none'; form-action 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        )
        self._replies = {
            shown: Reply(
                status=getattr(words, shown).status,
                headers=headers,
                body=_filled(page, getattr(words, shown), words.links).encode(),
            )
            for shown in Shown
        }

    @classmethod
    def load(cls) -> Self:
        """Raises DataError."""
        return cls(load(AllWords, HERE / "portal_pages.yaml"), read_text(HERE / "portal_page.html"))

    def reply(self, shown: Shown, *headers: tuple[str, str]) -> Reply:
        made = self._replies[shown]
        return Reply(status=made.status, headers=(*made.headers, *headers), body=made.body)


def _filled(page: str, words: Words, links: Links) -> str:
    link: Text = getattr(links, words.link)
    said = {"title": words.title, "text": words.text, "link": link}
    values = {
        f"{name}_{side}": escape(getattr(text, side))
        for name, text in said.items()
        for side in ("zh", "en")
    }
    return Template(page).substitute(values, href=f"/portal/{words.link}")
