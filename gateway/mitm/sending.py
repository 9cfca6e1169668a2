"""The hook of a request's body before any of it leaves; leaving.py answers it."""

from __future__ import annotations

from dataclasses import dataclass

from mitmproxy import http
from mitmproxy.proxy.commands import StartHook


@dataclass(frozen=True, slots=True)
class Sending:
    """A request's body before any of it leaves; not `whole`: longer than what is held."""

    flow: http.HTTPFlow
    body: bytes
    whole: bool


@dataclass
class SendingHook(StartHook):
    """What leaves is read first; the answer takes its time, and only this stream waits."""

    data: Sending
    blocking = True
