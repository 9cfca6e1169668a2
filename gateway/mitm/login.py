"""Proxy logins on the wire: 407 and Basic (RFC 9110 §11.7, RFC 7617), SOCKS5 (RFC 1929).

On a listener that asks for a login nothing is judged before somebody has said a right
password: the answer is 407, with a page that explains it. Whoever has said one is the
subject of this connection, whatever its address; each request of it must say the same
again, and inside a tunnel its CONNECT did. What was said is taken out of the request
before anything else sees it. Where nobody can check a password the subject is unknown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from mitmproxy import http
from mitmproxy.proxy.layers.modes import Socks5AuthData

from gateway.identity.directory import WhenDown
from gateway.identity.login_words import DOWN, MOST_PASSWORD, MOST_USER, Answer, Say
from gateway.mitm.connection import EdgeClient, Login
from gateway.mitm.exchange import reader, respond
from gateway.mitm.filter import Filter
from gateway.page.model import PageKind, Want
from gateway.page.want import language_of, want_of
from rules.model import Gap

CHALLENGE = ("Proxy-Authenticate", 'Basic realm="Qinglang", charset="UTF-8"')
HEADER = "proxy-authorization"
DOWN_SECONDS = 10.0  # before somebody unknown is asked about again
_LONGEST = 2 * (MOST_USER + MOST_PASSWORD) * 4
_SAID = {
    Say.NO: "用户名或密码不对。/ The user name or the password is not right.",
    Say.LATER: "试得太多了，请 {wait} 秒后再试。/ Too many tries: wait {wait} seconds.",
    Say.DOWN: "暂时无法核对密码，请稍后再试。/ Passwords cannot be checked now, try again later.",
}

type Hook = Callable[[http.HTTPFlow], Awaitable[None] | None]


class Line(Protocol):
    """Who knows passwords: gateway.identity.login_line."""

    async def ask(self, user: str, password: str, address: str) -> Answer: ...


class Logins:
    """The logins of one worker."""

    def __init__(
        self,
        judge: Filter,
        line: Line | None,
        when_down: WhenDown = WhenDown.STRICT,
        key: bytes = b"",
    ) -> None:
        """Without a line nobody can log in: a listener that asks for a login refuses all."""
        self._filter = judge
        self._line = line
        self._when_down = when_down
        self._key = key or os.urandom(32)

    def guarded(self, answer: Callable[[http.HTTPFlow], None]) -> Hook:
        """The hook `answer`, for those who have logged in where a login is asked for."""

        def hook(flow: http.HTTPFlow) -> Awaitable[None] | None:
            client = cast(EdgeClient, flow.client_conn)
            if not client.listener.login or client.target is not None:
                answer(flow)
                return None
            said = flow.request.headers.get_all(HEADER)
            flow.request.headers.pop(HEADER, None)
            mark = self._mark(said)
            if client.login is not None and hmac.compare_digest(client.login.mark, mark):
                now = self._filter.clock()
                if now < client.login.until and now < client.login.ends:
                    answer(flow)
                    return None
            client.login = None
            found = basic(said[0]) if len(said) == 1 else None
            if found is None:
                self._challenge(flow, client, "login-wanted")
                return None
            return self._ask(flow, client, found, mark, answer)

        return hook

    async def _ask(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        found: tuple[str, str],
        mark: bytes,
        answer: Callable[[http.HTTPFlow], None],
    ) -> None:
        heard = await self._heard(client, *found)
        if client.timestamp_end is not None:  # gone meanwhile
            return
        if self._bind(client, heard, mark):
            answer(flow)
            return
        detail = _SAID[heard.say].format(wait=heard.wait)
        self._challenge(flow, client, f"login-{heard.say}", detail, heard)

    def socks(self, data: Socks5AuthData) -> Awaitable[None] | None:
        """SOCKS5's user name and password."""
        client = cast(EdgeClient, data.client_conn)

        async def ask() -> None:
            heard = await self._heard(client, data.username, data.password)
            data.password = ""
            if client.timestamp_end is not None:
                return
            data.valid = self._bind(client, heard, self._mark([]))
            if not data.valid:
                self._filter.reject(client, Gap.FOREIGN_CLIENT, f"login-{heard.say}")

        return ask()

    async def _heard(self, client: EdgeClient, user: str, password: str) -> Answer:
        if self._line is None or client.peername is None:
            return DOWN
        return await self._line.ask(user, password, str(client.peername[0]))

    def _bind(self, client: EdgeClient, heard: Answer, mark: bytes) -> bool:
        """Make the connection theirs; False where it is nobody's."""
        now = self._filter.clock()
        if heard.say is Say.YES and heard.subject is not None:
            client.subject = heard.subject
            client.login = Login(mark=mark, until=heard.until, ends=now + heard.stay)
            return True
        if heard.say is Say.DOWN and self._when_down is WhenDown.STRICT:
            address = str(client.peername[0]) if client.peername else ""
            client.subject = self._filter.force.resolver.unknown(address)
            client.login = Login(mark=mark, until=now + DOWN_SECONDS, ends=now + heard.stay)
            return True
        return False

    def _challenge(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        problem: str,
        detail: str = "",
        heard: Answer = DOWN,
    ) -> None:
        """407 with our page; nothing of the request goes anywhere."""
        headers = reader(flow.request.headers.fields)
        outcome, code = self._filter.reject(client, Gap.FOREIGN_CLIENT, problem)
        connect = flow.request.method == "CONNECT"
        page = self._filter.page(
            PageKind.LOGIN,
            client,
            outcome,
            code,
            host="",
            want=Want.HTML if connect else want_of(headers, flow.request.path),
            language=language_of(headers("accept-language")),
            detail=detail,
        )
        respond(flow, page)
        if flow.response is not None:
            flow.response.headers[CHALLENGE[0]] = CHALLENGE[1]
            if heard.wait:
                flow.response.headers["Retry-After"] = str(heard.wait)

    def _mark(self, said: list[str]) -> bytes:
        data = "\0".join(said).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(data, key=self._key, digest_size=32).digest()


def basic(header: str) -> tuple[str, str] | None:
    """User name and password of a Basic header; None for anything else."""
    scheme, _, said = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(said) > _LONGEST:
        return None
    try:
        plain = base64.b64decode(said.strip().encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return None
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError:
        text = plain.decode("gb18030", "replace")  # what old Windows clients send
    user, colon, password = text.partition(":")
    return (user, password) if colon and user else None
