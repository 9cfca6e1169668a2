"""The portal's own login: `/portal/login` → the provider → `/portal/callback` → a session.

For the client's address, with an end; `/portal/logout` ends it. What the provider answers
is believed after gateway/identity/oidc.py has verified it. Which request is whose is told
by its connection, or by a reverse proxy that the settings name. A door to the provider.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, urlsplit

from loguru import logger

from gateway.identity import directory, oidc
from gateway.identity.oidc import Provider, TokenError, UnknownKeyError, Visit, Visits
from gateway.identity.oidc_calls import CallError, Calls
from gateway.identity.portal import Login
from gateway.identity.portal_pages import Pages, Reply, Shown
from gateway.identity.traits import traits
from rules.load import WorldError, load

HERE = "/portal"
COOKIE = "qinglang_portal"
LONGEST = 8192  # characters of a request target

type Admit = Callable[[Login, float], bool]
"""Take a login or logout in; False where there is no room."""


class PortalLogin:
    """One node's. `answer` is called by several threads."""

    def __init__(
        self,
        provider: Provider,
        calls: Calls,
        admit: Admit,
        *,
        counted: Callable[[str], None] = lambda _result: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._calls = calls
        self._admit = admit
        self._counted = counted
        self._clock = clock
        self._pages = Pages.load()
        self._visits = Visits()
        self._lock = Lock()
        parts = urlsplit(provider.redirect)
        self._secure, self._host = parts.scheme == "https", parts.netloc
        self._home = f"{parts.scheme}://{parts.netloc}{HERE}/login"

    def close(self) -> None:
        self._calls.close()

    def answer(self, target: str, headers: Mapping[str, str], peer: str) -> Reply:
        """The reply to GET `target`; total."""
        said = {name.lower(): value for name, value in headers.items()}
        try:
            parts = urlsplit(target) if len(target) <= LONGEST else urlsplit("")
            query = parse_qs(parts.query, max_num_fields=20)
            address = oidc.client(peer, said.get("x-forwarded-for", ""), self._provider.proxies)
        except ValueError:
            return self._pages.reply(Shown.MISSING)
        path = parts.path.rstrip("/")
        if path == HERE:
            return self._pages.reply(Shown.HOME)
        if path == f"{HERE}/login":
            return self._login(address, said, direct=address == peer)
        if path == oidc.CALLBACK:
            return self._callback(address, said, query)
        if path == f"{HERE}/logout":
            self._admit(Login(address=address), self._clock())
            self._counted("oidc-out")
            return self._pages.reply(Shown.OUT)
        return self._pages.reply(Shown.MISSING)

    def _login(self, address: str, said: Mapping[str, str], *, direct: bool) -> Reply:
        if direct and said.get("host", "") != self._host:  # the cookie must come back to us
            return Reply(status=302, headers=(("Location", self._home), *_NO_STORE))
        try:
            endpoint = self._calls.ways()["authorization_endpoint"]
        except CallError as error:
            return self._failed(Shown.AWAY, str(error))
        with self._lock:
            begun = self._visits.begin(self._provider, endpoint, address, self._clock())
        cookie = f"{COOKIE}={begun.cookie}; Path={HERE}; HttpOnly; SameSite=Lax; Max-Age=600"
        return Reply(
            status=302,
            headers=(
                ("Location", begun.url),
                ("Set-Cookie", cookie + ("; Secure" if self._secure else "")),
                *_NO_STORE,
            ),
        )

    def _callback(
        self, address: str, said: Mapping[str, str], query: Mapping[str, list[str]]
    ) -> Reply:
        def one(name: str) -> str:
            values = query.get(name, [])
            return values[0] if len(values) == 1 else ""

        with self._lock:
            visit = self._visits.finish(one("state"), _cookie(said), address, self._clock())
        if visit is None:
            self._counted("oidc-expired")
            return self._pages.reply(Shown.EXPIRED)
        if one("iss") not in ("", self._provider.issuer):  # RFC 9207
            return self._failed(Shown.FAILED, "the answer of another provider")
        if not one("code"):
            self._counted("oidc-refused")
            return self._pages.reply(Shown.REFUSED, _FORGET)
        try:
            login = self._verified(one("code"), visit)
        except CallError as error:
            return self._failed(Shown.AWAY, str(error))
        except TokenError as error:
            return self._failed(Shown.FAILED, f"an ID token that is not believed: {error}")
        if not self._admit(login, self._clock()):
            self._counted("full")
            return self._pages.reply(Shown.FULL, _FORGET)
        self._counted("oidc")
        return self._pages.reply(Shown.DONE, _FORGET)

    def _verified(self, code: str, visit: Visit) -> Login:
        """Raises CallError, TokenError."""
        provider = self._provider
        token = self._calls.token(code, visit.verifier)
        try:
            said = oidc.claims(token, self._calls.keys(), provider, visit.nonce, self._clock())
        except UnknownKeyError:  # the provider has begun to use a new one
            keys = self._calls.keys(fresh=True)
            said = oidc.claims(token, keys, provider, visit.nonce, self._clock())
        return Login(
            address=visit.address,
            user=oidc.user_of(said, provider),
            school=provider.school,
            seconds=provider.session,
            traits=traits(provider.map, oidc.flat(said)).told(),
        )

    def _failed(self, shown: Shown, why: str) -> Reply:
        logger.warning("portal: {}", why)
        self._counted("oidc-failed")
        return self._pages.reply(shown, _FORGET)


_NO_STORE = (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"))
_FORGET = ("Set-Cookie", f"{COOKIE}=; Path={HERE}; HttpOnly; SameSite=Lax; Max-Age=0")


def _cookie(said: Mapping[str, str]) -> str:
    try:
        found = SimpleCookie(said.get("cookie", "")[:LONGEST]).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def opened(path: Path, admit: Admit, counted: Callable[[str], None]) -> PortalLogin:
    """The login that a settings file describes. Raises DataError, WorldError."""
    provider, calls = read(path)
    return PortalLogin(provider, calls, admit, counted=counted)


def read(path: Path) -> tuple[Provider, Calls]:
    """Settings and the way to the provider. Raises DataError, WorldError."""
    provider = load(Provider, path)
    given = provider.client_secret
    secret = directory.secret(path.parent / given) if given is not None else ""
    try:
        return provider, Calls(provider, secret)
    except OSError as error:
        raise WorldError(f"{path}: trusted_ca: {error}") from error
