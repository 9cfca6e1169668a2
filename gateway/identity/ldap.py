"""Asks a directory whether a user and password belong together. A door: asyncio sockets.

A few connections are kept and used one login at a time. Certificates are verified with
the server's name; `ldap://` begins with StartTLS unless the settings say `plain`. A
referral is not followed: it would send a password where nobody said it may go. Nothing
here is ever logged of a user or a password.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.identity import ldapwords as words
from gateway.identity.ber import BerError, frame
from gateway.identity.directory import Access, Server
from gateway.identity.ldapfilter import compiled, filled, named
from gateway.identity.ldapwords import Entry, Result

AVOIDED = 30.0  # seconds a server that did not answer is asked last
IDLE = 60.0  # seconds after which a connection is not trusted to be alive
READ = 65_536


class DownError(Exception):
    """No directory could be asked. The text is for the operations log: no user in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The directory knows this user and the password is right."""

    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Line:
    """One connection. Any trouble is an OSError or BerError, and the line is then over."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._heard = bytearray()
        self._number = 0
        self.service = False  # bound as the service account
        self.used = time.monotonic()

    @classmethod
    async def open(cls, server: Server, tls: ssl.SSLContext | None) -> Line:
        """Connect, encrypted where `tls` is given."""
        begun = tls if server.tls else None
        name = server.host if begun else None
        reader, writer = await asyncio.open_connection(
            server.host, server.port, ssl=begun, server_hostname=name
        )
        line = cls(reader, writer)
        if tls is not None and not server.tls:
            try:
                await line._encrypt(server, tls)
            except BaseException:
                line.close()
                raise
        return line

    async def _encrypt(self, server: Server, tls: ssl.SSLContext) -> None:
        result = await self._ask(words.start_tls(self._next()))
        if result.code != words.SUCCESS:
            raise OSError(f"StartTLS was refused ({result.code})")
        if self._heard:  # somebody on the way put words before the encryption
            raise BerError("bytes between StartTLS and its handshake")
        await self._writer.start_tls(tls, server_hostname=server.host)

    async def bind(self, dn: str, password: str) -> int:
        """The result code."""
        return (await self._ask(words.bind(self._next(), dn, password))).code

    async def search(
        self, base: str, scope: int, wanted: bytes, attributes: tuple[str, ...], seconds: float
    ) -> tuple[int, list[Entry]]:
        """The result code and at most two entries: more than one is one too many."""
        at = self._next()
        self._writer.write(
            words.search(
                at, base, scope, wanted, attributes, most=2, seconds=max(1, round(seconds))
            )
        )
        found: list[Entry] = []
        while True:
            said = await self._hear()
            if said.number != at:
                continue
            if isinstance(said, Entry):
                if len(found) >= 2:
                    raise BerError("more entries than were asked for")
                found.append(said)
            elif isinstance(said, Result):
                return said.code, found

    def close(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write(words.unbind(self._next()))
            self._writer.close()

    def _next(self) -> int:
        self._number = self._number % 0x7FFF_FFFF + 1
        return self._number

    async def _ask(self, message: bytes) -> Result:
        self._writer.write(message)
        at = self._number
        while True:
            said = await self._hear()
            if said.number == at and isinstance(said, Result):
                return said

    async def _hear(self) -> words.Heard:
        while True:
            size = frame(self._heard)
            if size and len(self._heard) >= size:
                message = bytes(self._heard[:size])
                del self._heard[:size]
                said = words.heard(message)
                if said.number == 0:  # a notice of disconnection
                    raise ConnectionResetError("the directory is hanging up")
                return said
            part = await self._reader.read(READ)
            if not part:
                raise ConnectionResetError("the directory hung up")
            self._heard += part


class Ldap:
    """One directory. `check` is called on one event loop."""

    def __init__(self, access: Access, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._ways = access.directory
        self._clock = clock
        self._idle: list[tuple[Server, Line]] = []
        self._room = asyncio.Semaphore(self._ways.connections)
        self._avoided: dict[Server, float] = {}
        self._tls = None if self._ways.plain else context(access)

    async def check(self, user: str, password: str) -> Found | None:
        """Whether they belong together; None where the directory says no. Raises DownError."""
        if not user or not password or "\0" in user + password:
            return None
        try:
            async with asyncio.timeout(self._ways.timeout):
                async with self._room:
                    return await self._somewhere(user, password)
        except TimeoutError:
            raise DownError(f"no answer in {self._ways.timeout:g} s") from None

    def close(self) -> None:
        for _, line in self._idle:
            line.close()
        self._idle.clear()

    async def _somewhere(self, user: str, password: str) -> Found | None:
        """On a line that is open already, or at the servers in turn."""
        said: list[str] = []
        while self._idle:
            server, line = self._idle.pop()
            if self._clock() - line.used > IDLE:
                line.close()
                continue
            with contextlib.suppress(OSError, BerError):  # it may have been closed meanwhile
                return await self._on(server, line, user, password)
        now = self._clock()
        for server in sorted(self._ways.servers, key=lambda one: self._avoided.get(one, 0) > now):
            self._avoided[server] = now + AVOIDED
            try:
                wait = self._ways.timeout / (len(self._ways.servers) + 1)
                async with asyncio.timeout(None if len(self._ways.servers) == 1 else wait):
                    line = await Line.open(server, self._tls)
                    found = await self._on(server, line, user, password)
            except (OSError, BerError, TimeoutError) as error:
                said.append(f"{server}: {type(error).__name__} {error}"[:200])
                continue
            return found
        raise DownError("; ".join(said))

    async def _on(self, server: Server, line: Line, user: str, password: str) -> Found | None:
        """One login on one line, which is kept afterwards where all went well."""
        try:
            if self._ways.user_dn:
                found = await self._directly(line, user, password)
            else:
                found = await self._found(line, user, password)
        except BaseException:
            line.close()
            raise
        self._avoided.pop(server, None)
        line.used = self._clock()
        self._idle.append((server, line))
        return found

    async def _directly(self, line: Line, user: str, password: str) -> Found | None:
        """Bind as the user, who then reads their own entry."""
        dn = named(self._ways.user_dn, user)
        if not _yes(await line.bind(dn, password)):
            return None
        if not self._ways.attributes:
            return Found()
        code, entries = await line.search(
            *(dn, words.BASE, compiled("(objectClass=*)")),
            self._ways.attributes,
            self._ways.timeout,
        )
        if code != words.SUCCESS or len(entries) != 1:
            raise OSError(f"a user's own entry cannot be read ({code})")
        return Found(attributes=dict(entries[0].attributes))

    async def _found(self, line: Line, user: str, password: str) -> Found | None:
        """Find the user as the service account, then bind as what was found."""
        if not line.service and self._ways.service_dn:
            code = await line.bind(self._ways.service_dn, self._access.password)
            if code != words.SUCCESS:
                raise OSError(f"the service account was refused ({code})")
        line.service = True
        code, entries = await line.search(
            *(self._ways.base, words.SUBTREE, compiled(filled(self._ways.filter, user))),
            self._ways.attributes,
            self._ways.timeout,
        )
        if code not in (words.SUCCESS, 4):  # 4: more than two
            raise OSError(f"the search was refused ({code})")
        if len(entries) != 1 or not entries[0].dn:
            return None
        line.service = False
        if not _yes(await line.bind(entries[0].dn, password)):
            return None
        return Found(attributes=dict(entries[0].attributes))


def _yes(code: int) -> bool:
    """Yes or no to a user; anything else is trouble. Raises OSError."""
    if code == words.SUCCESS:
        return True
    if code in words.WRONG:
        return False
    raise OSError(f"the directory answered {code}")


def context(access: Access) -> ssl.SSLContext:
    """Certificates verified, with the server's name. Raises OSError."""
    ca = access.directory.trusted_ca
    made = ssl.create_default_context(cafile=None if ca is None else str(ca))
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
