"""The form on a block page: "this is a mistake, please look again". Sealed, bounded, pure.

The form carries the event's code and a seal over subject, host and code, so that only
somebody who was shown the page can send it, once an hour old at most; no other site
can make a browser file appeals. What people write is kept as text and cut to size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.page.ticket import LONGEST_TICKET, Tickets

APPEAL_PATH = "/.well-known/qinglang/appeal"
LONGEST_TEXT = 500  # characters
LARGEST_BODY = 16 * 1024  # bytes; 500 characters are at most 6,000 when encoded
LONGEST_CODE = 64

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)
_FIELDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was sent."""

    code: str
    seal: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One request for review. Nothing in it names a person; `code` finds the Event."""

    code: str
    at: float  # Unix seconds
    host: str
    text: str
    token: str = ""
    school: str = ""
    stage: str = ""
    tier: str = ""
    role: str = ""
    group: str = ""
    action: str = ""
    clause: str = ""
    categories: tuple[str, ...] = ()
    snapshot: str = ""


def seal(tickets: Tickets, subject: str, host: str, code: str, now: float) -> str:
    """The seal of the form on one page. No host name contains blanks: never a continue ticket."""
    return tickets.issue(subject, f"appeal {code} {host}", now)


def sealed(tickets: Tickets, form: Form, subject: str, host: str, now: float) -> bool:
    """Was this form on a page of ours, for this subject and host, within the hour? Total."""
    return tickets.valid(form.seal, subject, f"appeal {form.code} {host}", now)


def read_form(body: bytes) -> Form | None:
    """The form's fields; None where the bytes are no such form. Total."""
    if len(body) > LARGEST_BODY:
        return None
    try:
        pairs = parse_qsl(
            body.decode("ascii"), max_num_fields=_FIELDS, encoding="utf-8", errors="replace"
        )
    except ValueError:
        return None
    found = dict(reversed(pairs))
    code, ticket = found.get("code", ""), found.get("seal", "")
    if not _CODE.fullmatch(code) or not 0 < len(ticket) <= LONGEST_TICKET:
        return None
    return Form(code=code, seal=ticket, text=clean(found.get("text", "")))


def clean(text: str) -> str:
    """Readable text of at most `LONGEST_TEXT` characters: no control or direction marks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _CONTROL.sub("", lines).strip()[:LONGEST_TEXT].strip()
