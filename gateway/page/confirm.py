"""The form on the page about personal data leaving: "I know, and this is why". Sealed, pure.

Like an appeal's form it can only come from somebody who was shown the page. What it gives is a
ticket of its own: having read a warning about a site says nothing about sending it people's data.
"""

from __future__ import annotations

from urllib.parse import quote

from gateway.page.appeal import LARGEST_BODY, Form, read_form
from gateway.page.model import Page
from gateway.page.ticket import OUT_COOKIE, Tickets, continue_target, ticket_of

CONFIRM_PATH = "/.well-known/qinglang/outflow"
LONGEST_WHY = 200  # characters
_LEAVES = "outflow "  # no host name contains blanks: never a continue ticket


def seal(tickets: Tickets, subject: str, host: str, code: str, now: float) -> str:
    """The seal of the form on one page."""
    return tickets.issue(subject, f"confirm {code} {host}", now)


def sealed(tickets: Tickets, form: Form, subject: str, host: str, now: float) -> bool:
    """Was this form on a page of ours, for this subject and host, within the hour? Total."""
    return tickets.valid(form.seal, subject, f"confirm {form.code} {host}", now)


def confirm_link(code: str, seal: str) -> str:
    """Where a person can read the page and confirm, for programs that were refused."""
    return f"{CONFIRM_PATH}?c={quote(code, safe='')}&t={quote(seal, safe='')}"


def asked(query: str) -> Form | None:
    """The code and seal of such a link. Total."""
    found = dict(pair.partition("=")[::2] for pair in query.split("&")[:8])
    ticket, _ = continue_target(f"t={found.get('t', '')}")
    body = f"code={found.get('c', '')}&seal={quote(ticket, safe='')}"
    return read_form(body.encode("utf-8", "replace")[:LARGEST_BODY])


def allowed(tickets: Tickets, cookie: str, subject: str, host: str, now: float) -> bool:
    """Whether somebody has confirmed for this host, not long ago."""
    if OUT_COOKIE not in cookie:
        return False
    return tickets.valid(ticket_of(cookie, OUT_COOKIE), subject, _LEAVES + host, now)


def with_ticket(
    page: Page, tickets: Tickets, subject: str, host: str, now: float, *, secure: bool
) -> Page:
    """The page with the ticket as a cookie of this host."""
    ticket = quote(tickets.issue(subject, _LEAVES + host, now), safe="")
    cookie = f"{OUT_COOKIE}={ticket}; Max-Age={tickets.lifetime}; Path=/; HttpOnly; SameSite=Lax"
    header = ("Set-Cookie", f"{cookie}; Secure" if secure else cookie)
    return Page(status=page.status, headers=(*page.headers, header), body=page.body)
