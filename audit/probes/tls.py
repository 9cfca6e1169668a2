"""A TLS server, looked at from outside: which versions and suites it takes, which keys it shows.

A door. Each question is one short connection, never more than PER_SECOND a second and MOST in
all; nothing is ever sent but hellos and, for STARTTLS, the few words that ask for it. Whatever
the server does, `look` returns Evidence: what it does not answer in time is a gap or a problem.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audit.model import Evidence, Target
from audit.probes.handshake import suites
from audit.probes.handshake.facts import Seen, Trust, document
from audit.probes.handshake.hello import MAX_ANSWER, VERSIONS, Answer, Said, answer, complete, hello
from audit.probes.host import made, redact

PROBE = "tls"
FORMAT = "qinglang-tls/1"
METHOD = "TLS 握手探询（不完成握手，只读）/ TLS hellos, no handshake of theirs is finished"
PER_SECOND = 20.0
MOST = 110
QUESTIONS = {"none", "smtp", "imap", "ldap", "postgresql"}
_LDAP = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
_OFFERS = {
    "tls1_3": tuple(suites.TLS13),
    "tls1_2": tuple(suites.OLDER),
    "tls1_1": tuple(suites.OLDER),
    "tls1_0": tuple(suites.OLDER),
    "ssl3": tuple(suites.OLDER),
    "tlcp": tuple(suites.TLCP),
}


class _LostError(OSError):
    """The server cannot be asked, or does not speak what we ask."""


@dataclass(slots=True, kw_only=True)
class _Door:
    """One server, and how often it was asked."""

    address: str
    port: int
    name: str
    starttls: str
    ends: float  # monotonic
    wait: float
    asked: int = 0
    last: float = 0.0
    lost: list[str] = field(default_factory=list)

    def connect(self) -> socket.socket:
        """A connection on which a hello may go out. Raises OSError."""
        now = time.monotonic()
        if self.asked >= MOST or now >= self.ends:
            raise _LostError("budget: 询问次数或时间用尽 / out of questions or time")
        pause = self.last + 1 / PER_SECOND - now
        if pause > 0:
            time.sleep(pause)
        self.asked, self.last = self.asked + 1, time.monotonic()
        left = max(0.1, min(self.wait, self.ends - self.last))
        opened = socket.create_connection((self.address, self.port), timeout=left)
        try:
            _ask_for_tls(opened, self.starttls)
        except OSError:
            opened.close()
            raise
        return opened

    def say(self, version: int, offered: tuple[int, ...]) -> Answer:
        """One hello, one answer. Raises OSError where nothing was heard in time."""
        name = "" if self.name.replace(".", "").isdigit() or ":" in self.name else self.name
        with self.connect() as opened:
            opened.sendall(hello(version, offered, os.urandom(32), name))
            return answer(_heard(opened, min(self.ends, time.monotonic() + self.wait)))


def _heard(opened: socket.socket, ends: float) -> bytes:
    """What comes until it is enough. Raises TimeoutError where nothing came at all."""
    data = b""
    while not complete(data):
        left = ends - time.monotonic()
        if left <= 0:
            break
        opened.settimeout(left)
        try:
            more = opened.recv(MAX_ANSWER)
        except TimeoutError:
            break
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more
    if not data:
        raise TimeoutError("timeout: 没有应答 / no answer")
    return data


def _line(opened: socket.socket) -> bytes:
    """One line, 4 KiB of it at most. Raises OSError."""
    data = b""
    while not data.endswith(b"\n") and len(data) < 4096:
        more = opened.recv(1)
        if not more:
            break
        data += more
    return data


def _ask_for_tls(opened: socket.socket, how: str) -> None:
    """The few words before TLS. Raises _LostError."""
    good = True
    if how == "smtp":
        good = _smtp(opened)
    elif how == "imap":
        good = _line(opened).startswith(b"* ")
        opened.sendall(b"a STARTTLS\r\n")
        good = good and _until(opened, b"a ").startswith(b"a OK")
    elif how == "ldap":
        opened.sendall(_LDAP)
        good = b"\x0a\x01\x00" in opened.recv(4096)
    elif how == "postgresql":
        opened.sendall(bytes.fromhex("0000000804d2162f"))
        good = opened.recv(1) == b"S"
    if not good:
        raise _LostError(f"starttls: 对方不支持 {how} STARTTLS / it offers no STARTTLS")


def _smtp(opened: socket.socket) -> bool:
    greeted = _until(opened, b"220 ").startswith(b"220")
    opened.sendall(b"EHLO qinglang.invalid\r\n")
    _until(opened, b"250 ")
    opened.sendall(b"STARTTLS\r\n")
    return greeted and _until(opened, b"220 ").startswith(b"220")


def _until(opened: socket.socket, mark: bytes) -> bytes:
    for _ in range(60):
        line = _line(opened)
        if not line or line.startswith(mark) or line[:1] in b"45" or line[:3] in (b"a N", b"a B"):
            return line
    return b""


def look(
    target: Target,
    *,
    now: float,
    timeout: float = 30.0,
    port: int = 443,
    starttls: str = "none",
    authority: str = "",
) -> Evidence:
    """Evidence of one TLS server. `authority`: a file of trusted roots besides the system's."""
    name = target.access.get("name", target.address or target.id)
    where = int(target.access.get("port", port))
    how = target.access.get("starttls", starttls)
    door = _Door(
        address=target.address or target.id,
        port=where,
        name=name,
        starttls=how,
        ends=time.monotonic() + timeout,
        wait=min(5.0, timeout / 3),
    )
    seen = Seen()
    for version in ("tls1_2", "tls1_3", "tlcp", "tls1_1", "tls1_0", "ssl3"):
        _enumerate(door, version, seen)
        if version == "tls1_3" and not seen.versions and len(door.lost) > 1:
            return _nothing(target, door.lost[0], now)  # nobody speaks: no use asking further
    if not any(seen.versions.values()):
        said = door.lost[0] if door.lost else "tls: 不是 TLS 服务 / it speaks no TLS we know"
        return _nothing(target, said, now)
    if any(held for version, held in seen.versions.items() if version != "tlcp"):
        _library(door, seen, target.access.get("tls-ca", authority))
    found = redact(document(seen, host=name, port=where, starttls=how, now=now))
    return _evidence(target, now, found)


def _enumerate(door: _Door, version: str, seen: Seen) -> None:
    """Offer everything of a version; take away what the server picks; until it refuses."""
    number, left = VERSIONS[version], list(_OFFERS[version])
    picked: list[int] = []
    while left:
        try:
            said = door.say(number, tuple(left))
        except OSError as error:
            said_why = str(error)[:160] or type(error).__name__
            door.lost.append(said_why)
            for path in (
                f"protocols.{version}" if not picked else f"suites.{version}",
                "accepted", "weak", "forward_secrecy", "modern", "cbc_in_old",
            ):  # fmt: skip
                seen.gaps.append({"path": path, "why": "cut", "detail": said_why})
            break
        if said.said is not Said.HELLO or said.version != number or said.suite not in left:
            if said.said is Said.GARBAGE and not picked:
                door.lost.append("tls: 应答不是 TLS / the answer is no TLS")
            break
        picked.append(said.suite)
        left.remove(said.suite)
        _noted(seen, version, said)
    if picked or not any(one["path"] == f"protocols.{version}" for one in seen.gaps):
        seen.versions[version] = bool(picked)
    if picked:
        seen.accepted[version] = picked


def _noted(seen: Seen, version: str, said: Answer) -> None:
    if version == "tlcp":
        seen.tlcp_chain = seen.tlcp_chain or list(said.certificates)
        return
    seen.chain = seen.chain or list(said.certificates)
    seen.compression = seen.compression or said.compression
    if version != "tls1_3":
        seen.renegotiation = seen.renegotiation is not False and said.renegotiation
        if said.certificates:
            seen.stapled = bool(seen.stapled) or said.stapled
    if said.dh_bits:
        seen.dh_bits = min(seen.dh_bits or said.dh_bits, said.dh_bits)


def _library(door: _Door, seen: Seen, authority: str) -> None:
    """What OpenSSL says: the certificate where TLS 1.3 hid it, and whether it is trusted."""
    if not seen.chain:
        try:
            with _wrapped(door, _unverified()) as opened:
                seen.chain = _shown(opened)
        except (OSError, ValueError) as error:
            seen.gaps.append({"path": "certificate", "why": "error", "detail": str(error)[:160]})
    try:
        context = ssl.create_default_context(cafile=authority or None)
        context.check_hostname = False  # names are held against ours, apart from trust
        with _wrapped(door, context):
            seen.trust = Trust(trusted=True)
    except ssl.SSLCertVerificationError as error:
        seen.trust = Trust(trusted=False, said=error.verify_message[:160])
    except (OSError, ValueError) as error:
        seen.trust = Trust(trusted=None, said=str(error)[:160])


def _unverified() -> ssl.SSLContext:
    """For reading a certificate that is not believed: nothing is sent over this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _wrapped(door: _Door, context: ssl.SSLContext) -> ssl.SSLSocket:
    opened = door.connect()
    try:
        return context.wrap_socket(opened, server_hostname=door.name or None)
    except (OSError, ValueError):
        opened.close()
        raise


def _shown(opened: ssl.SSLSocket) -> list[bytes]:
    """The chain as shown; Python 3.12 knows the first certificate only."""
    whole: Callable[[], list[bytes]] | None = getattr(opened, "get_unverified_chain", None)
    if whole is not None:
        return [bytes(one) for one in whole()]
    first = opened.getpeercert(binary_form=True)
    return [first] if first else []


def _nothing(target: Target, problem: str, now: float) -> Evidence:
    return _evidence(target, now, None, problem=problem)


def _evidence(target: Target, now: float, found: Any, *, problem: str = "") -> Evidence:
    return made(
        target.id, PROBE, found, method=METHOD, taken=now, collector="qinglang-probe",
        version=FORMAT, problem=problem,
    )  # fmt: skip
