"""Pages that teach: what a person sees when the gateway answers instead of the origin."""

from gateway.page.maker import PageMaker
from gateway.page.model import Page, PageKind, Want
from gateway.page.ticket import (
    CONTINUE_PATH,
    COOKIE,
    Tickets,
    continue_link,
    continue_page,
    continue_target,
    strip_cookie,
    ticket_of,
)
from gateway.page.want import language_of, want_of

__all__ = [
    "CONTINUE_PATH",
    "COOKIE",
    "Page",
    "PageKind",
    "PageMaker",
    "Tickets",
    "Want",
    "continue_link",
    "continue_page",
    "continue_target",
    "language_of",
    "strip_cookie",
    "ticket_of",
    "want_of",
]
