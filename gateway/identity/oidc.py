"""OpenID Connect, as the relying party (Core 1.0): settings, pending logins, the ID token.

Authorization code with PKCE. A login that was begun is bound to the client's address and
to a cookie, is good for ten minutes and for one use. An ID token is believed when it is
signed by one of the issuer's keys with an algorithm that is allowed here, and issuer,
audience, times and nonce are right; `none` and shared secrets are no algorithms. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt

from gateway.identity.pseudonyms import SCHOOL
from gateway.identity.resolve import parse_address
from gateway.identity.traits import Case, Row, failures
from rules.model import Text

CALLBACK = "/portal/callback"
ALGORITHMS = ("RS256", "ES256", "EdDSA")
PENDING = 600.0  # seconds in which a login has to be finished
MOST_PENDING, MOST_OF_ONE = 10_000, 20  # one address may be a school behind its router
LEEWAY = 60.0  # seconds two clocks may differ
LONGEST = 128  # characters of a user name
MOST_KEYS = 100
DEEPEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The content of `--oidc FILE`. Times are seconds."""

    id: str
    title: Text
    issuer: str
    client_id: str
    redirect: str  # our own address as browsers see it, ending in /portal/callback
    client_secret: Path | None = None  # file, owner only; beside this file unless absolute
    scopes: tuple[str, ...] = ("openid", "profile")
    user: str = "preferred_username"  # the claim that the roster's `user` is
    school: str = ""  # of whom neither roster nor map knows
    algorithms: tuple[str, ...] = ALGORITHMS
    map: tuple[Row, ...] = ()
    cases: tuple[Case, ...] = ()
    trusted_ca: Path | None = None
    plain: bool = False  # http:// to the provider: for tests alone
    session: float = 28_800.0
    timeout: float = 10.0
    proxies: tuple[str, ...] = ()  # reverse proxies whose X-Forwarded-For is believed

    def __post_init__(self) -> None:
        """Raises ValueError with one sentence for what cannot be."""
        for name in ("issuer", "redirect"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
                raise ValueError(f"{name}: not an address of the web")
        if urlsplit(self.issuer).scheme != "https" and not self.plain:
            raise ValueError("issuer: https is wanted")
        if urlsplit(self.redirect).path != CALLBACK:
            raise ValueError(f"redirect: ends in {CALLBACK}")
        if not self.client_id or not self.user:
            raise ValueError("client_id and user are wanted")
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"algorithms: some of {', '.join(ALGORITHMS)}")
        if "openid" not in self.scopes:
            raise ValueError("scopes: `openid` is missing")
        if self.school and not SCHOOL(self.school):
            raise ValueError("school: no school id")
        if not 60 <= self.session <= 86_400:
            raise ValueError("session: 60 to 86400")
        if not 1 <= self.timeout <= 30:
            raise ValueError("timeout: 1 to 30")
        for prefix in self.proxies:
            ip_network(prefix)
        if wrong := failures(self.map, self.cases):
            raise ValueError("; ".join(wrong))


class TokenError(ValueError):
    """An ID token that is not believed, and why: never with what was in it."""


class UnknownKeyError(TokenError):
    """Signed by a key that is not known (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A login that was begun."""

    address: str
    nonce: str
    verifier: str
    cookie: bytes
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where to send the browser, and the cookie that must come back with it."""

    url: str
    cookie: str


class Visits:
    """The logins that were begun and not yet finished."""

    def __init__(self, fresh: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> None:
        self._fresh = fresh
        self._pending: dict[str, Visit] = {}

    def begin(self, provider: Provider, endpoint: str, address: str, now: float) -> Begun:
        """A new login from this address; the oldest of too many are forgotten."""
        self._forget(address, now)
        state, nonce, verifier, cookie = (self._fresh() for _ in range(4))
        self._pending[state] = Visit(
            address=address,
            nonce=nonce,
            verifier=verifier,
            cookie=_digest(cookie),
            until=now + PENDING,
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = urlencode(
            {
                "response_type": "code",
                "client_id": provider.client_id,
                "redirect_uri": provider.redirect,
                "scope": " ".join(provider.scopes),
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge.rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )
        return Begun(url=f"{endpoint}{'&' if '?' in endpoint else '?'}{query}", cookie=cookie)

    def finish(self, state: str, cookie: str, address: str, now: float) -> Visit | None:
        """The login that this state belongs to, one time; None where it does not fit."""
        visit = self._pending.get(state)
        if visit is None or visit.address != address:
            return None
        del self._pending[state]
        if not now < visit.until <= now + PENDING:
            return None
        return visit if hmac.compare_digest(visit.cookie, _digest(cookie)) else None

    def _forget(self, address: str, now: float) -> None:
        late = [s for s, one in self._pending.items() if not now < one.until <= now + PENDING]
        mine = [s for s, one in self._pending.items() if one.address == address]
        for state in (*late, *mine[: max(0, len(mine) - MOST_OF_ONE + 1)]):
            self._pending.pop(state, None)
        while len(self._pending) >= MOST_PENDING:
            del self._pending[next(iter(self._pending))]


def key_id(token: str) -> str:
    """The name of the key a token says it was signed with. Raises TokenError."""
    try:
        return str(jwt.get_unverified_header(token).get("kid", ""))
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenError("no token") from None


def claims(
    token: str, keys: Mapping[str, Any], provider: Provider, nonce: str, now: float
) -> dict[str, Any]:
    """What an ID token says, if it is to be believed. Raises TokenError."""
    key = _key(token, keys)
    try:
        said: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(provider.algorithms),
            audience=provider.client_id,
            issuer=provider.issuer,
            options={
                "require": ["exp", "iat", "aud", "iss", "sub"],
                "verify_exp": False,  # below, with the time that is an argument
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise TokenError(type(error).__name__) from None
    for name in ("exp", "iat", "nbf"):
        value = said.get(name, now)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TokenError(f"{name} is no time")
    if said["exp"] <= now - LEEWAY:
        raise TokenError("expired")
    if said["iat"] > now + LEEWAY or said.get("nbf", now) > now + LEEWAY:
        raise TokenError("of the future")
    given = said.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise TokenError("another nonce")
    several = isinstance(said["aud"], list) and len(said["aud"]) > 1
    if said.get("azp", None if several else provider.client_id) != provider.client_id:
        raise TokenError("for somebody else")
    return said


def user_of(said: Mapping[str, Any], provider: Provider) -> str:
    """Who it is about. Raises TokenError."""
    user = said.get(provider.user)
    if not isinstance(user, str) or not user.strip():
        raise TokenError(f"the claim `{provider.user}` is missing")
    if len(user) > LONGEST or not user.isprintable():
        raise TokenError(f"the claim `{provider.user}` is no user name")
    return user.strip()


def flat(said: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Claims as `traits` reads them: `realm_access.roles` of what is nested."""
    return dict(_flat(said, "", 0))


def client(peer: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    """Whose request it is: behind a proxy that is believed, the last address it adds.

    Raises ValueError where that is none."""
    address = parse_address(peer)
    if forwarded and any(
        address.version == ip_network(one).version and address in ip_network(one) for one in proxies
    ):
        address = parse_address(forwarded.rpartition(",")[2].strip())
    return str(address)


def _flat(said: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in said.items():
        here = f"{above}{name}"
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from _flat(value, f"{here}.", depth + 1)
        elif isinstance(value, list):
            yield here, tuple(str(one) for one in value if isinstance(one, str | int))
        elif isinstance(value, str | int | float):
            yield here, (str(value),)


def _key(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The issuer's key that a token names; the only one, where it names none."""
    wanted = key_id(token)
    rows = keys.get("keys")
    rows = rows[:MOST_KEYS] if isinstance(rows, list) else []
    usable = [row for row in rows if isinstance(row, dict) and row.get("use", "sig") == "sig"]
    found = [row for row in usable if row.get("kid") == wanted] if wanted else usable
    if len(found) != 1:
        raise UnknownKeyError("signed by a key that is not the issuer's")
    if found[0].get("kty") not in ("RSA", "EC", "OKP"):
        raise TokenError("the issuer's key is of no kind that is used here")
    try:
        return jwt.PyJWK(found[0])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise TokenError("the issuer's key cannot be read") from None


def _digest(cookie: str) -> bytes:
    return hashlib.blake2b(cookie.encode("utf-8", "replace"), digest_size=32).digest()
