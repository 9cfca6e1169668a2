"""The portal's word: who logged in at which address, told over HTTP. Requests in, replies out.

`POST /identity/sessions {"address", "user"[, "school", "seconds"]}` after a login by
OIDC, CAS or a captive portal; `DELETE /identity/sessions {"address"}` after the logout.
Either `Authorization: Bearer KEY`, or, which also guards against change and replay on the
way, `X-Qinglang-Time: UNIX` and `X-Qinglang-Signature: hex(HMAC-SHA256(KEY, time \\n method
\\n path \\n body))`. KEY is the text of the node's key file. Pure.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.identity.pseudonyms import SCHOOL
from gateway.identity.resolve import parse_address

PATH = "/identity/sessions"
LARGEST = 4096  # bytes of a body
WINDOW = 120.0  # seconds a signature is good for
REMEMBERED = 50_000  # signatures
SHORTEST, LONGEST = 60.0, 86_400.0  # seconds of a login
MOST_TEXT = 128


class Refused(StrEnum):
    """Why a request changes nothing; also the label of the count."""

    PATH = "path"
    METHOD = "method"
    KEY = "key"
    REPLAY = "replay"
    BODY = "body"


STATUS: Mapping[Refused, int] = {
    Refused.PATH: 404,
    Refused.METHOD: 405,
    Refused.KEY: 401,
    Refused.REPLAY: 409,
    Refused.BODY: 400,
}


class RefusedError(Exception):
    """A request that changes nothing, and what to tell its sender."""

    def __init__(self, why: Refused, said: str) -> None:
        super().__init__(said)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """`user` logs in at `address`; a user of "" is a logout."""

    address: str
    user: str = ""
    school: str = ""
    seconds: float = 0.0
    traits: Mapping[str, str] = field(default_factory=dict)  # of an OIDC provider


class Gate:
    """Checks requests with one key, and remembers signatures for as long as they are good."""

    def __init__(self, key: bytes, seconds: float) -> None:
        self._key = key.hex().encode()
        self._seconds = seconds
        self._heard: dict[str, float] = {}

    def admit(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> Login:
        """The login or logout a request asks for. Raises RefusedError."""
        if path != PATH:
            raise RefusedError(Refused.PATH, f"only {PATH}")
        if method not in ("POST", "DELETE"):
            raise RefusedError(Refused.METHOD, "POST or DELETE")
        said = {name.lower(): value for name, value in headers.items()}
        self._check(method, said, body, now)
        return parse(method, body, self._seconds)

    def _check(self, method: str, said: Mapping[str, str], body: bytes, now: float) -> None:
        signature = said.get("x-qinglang-signature")
        if signature is None:
            scheme, _, given = said.get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and _same(given.strip(), self._key.decode()):
                return
            raise RefusedError(Refused.KEY, "a bearer key or a signature is wanted")
        time = said.get("x-qinglang-time", "")
        made = signed(self._key, time, method, body)
        if not _same(signature.strip().lower(), made):
            raise RefusedError(Refused.KEY, "the signature does not fit")
        if not time.isascii() or not time.isdigit() or len(time) > 12:
            raise RefusedError(Refused.KEY, "the time is no Unix time")
        if abs(now - int(time)) > WINDOW:
            raise RefusedError(Refused.REPLAY, f"more than {WINDOW:.0f} s from now")
        if self._heard.get(made, 0.0) > now:
            raise RefusedError(Refused.REPLAY, "heard before")
        if len(self._heard) >= REMEMBERED:
            self._heard = {one: end for one, end in self._heard.items() if end > now}
        if len(self._heard) >= REMEMBERED:
            raise RefusedError(Refused.REPLAY, "too many at once")
        self._heard[made] = now + 2 * WINDOW


def signed(key: bytes, time: str, method: str, body: bytes) -> str:
    """The signature of a request; `key` is the text of the key."""
    data = f"{time}\n{method}\n{PATH}\n".encode() + body
    return hmac.new(key, data, "sha256").hexdigest()


def parse(method: str, body: bytes, seconds: float) -> Login:
    """A body → what it asks for. Raises RefusedError."""
    try:
        found = json.loads(body)
        if not isinstance(found, dict):
            raise ValueError("an object is wanted")
        unknown = set(found) - {"address", "user", "school", "seconds"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(map(repr, unknown)))[:100]}")
        address = parse_address(_text(found, "address"))
        if address.is_multicast or address.is_unspecified:
            raise ValueError("address: not one of a device")
        if method == "DELETE":
            return Login(address=str(address))
        user, school = _text(found, "user"), _text(found, "school", "")
        asked = found.get("seconds", seconds)
        if isinstance(asked, bool) or not isinstance(asked, int | float):
            raise ValueError("seconds: a number is wanted")
        if not SHORTEST <= asked <= LONGEST:
            raise ValueError(f"seconds: {SHORTEST:.0f} to {LONGEST:.0f}")
        if not user:
            raise ValueError("user: is empty")
        if school and not SCHOOL(school):
            raise ValueError("school: no school id")
    except (ValueError, RecursionError) as error:
        raise RefusedError(Refused.BODY, str(error)[:200]) from None
    return Login(address=str(address), user=user, school=school, seconds=float(asked))


def _text(found: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = found.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name}: text is wanted")
    if len(value) > MOST_TEXT or not value.isprintable():
        raise ValueError(f"{name}: too long, or control characters in it")
    return value.strip()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
