"""Proxy logins in the identity service: the directory asked, guesses slowed, workers told.

One thread with an event loop of its own: the directory may take its seconds, and nobody
who filters waits in line behind it. A door: a unix socket, a thread, a clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from loguru import logger

from gateway.delivery import short_path
from gateway.identity import login_words as words
from gateway.identity.attempts import Attempts
from gateway.identity.directory import Access
from gateway.identity.ldap import DownError, Found, Ldap
from gateway.identity.login_words import Answer, Asked, LoginError, Say
from gateway.identity.tables import folded
from gateway.identity.traits import traits
from policies.model import Subject

MOST_AT_ONCE = 256  # logins being asked; beyond it the answer is `down`
SAY_AGAIN = 60.0  # seconds between two log lines about the same trouble

type Named = Callable[[str, Mapping[str, str], str, float], Subject]
"""(user, traits, address, now) → who that is, their name put where names are kept."""


class Desk:
    """Decides logins. `check` runs on one event loop."""

    def __init__(
        self,
        access: Access,
        named: Named,
        *,
        clock: Callable[[], float] = time.time,
        ldap: Ldap | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._ways = access.directory
        self._named = named
        self._clock = clock
        self._ldap = ldap or Ldap(access)
        self._attempts = Attempts(self._ways.remember)
        self._asking: dict[tuple[str, str], asyncio.Task[Found | None]] = {}
        self._said = 0.0

    async def check(self, asked: Asked) -> Answer:
        """What becomes of one login."""
        answer = await self._check(folded(asked.user), asked)
        self.counts[str(answer.say)] += 1
        return answer

    async def _check(self, user: str, asked: Asked) -> Answer:
        now, password = self._clock(), asked.password
        if not user or not password or not asked.user.isprintable():
            return Answer(say=Say.NO)
        good = self._attempts.known(user, password, now)
        if good is not None:
            return self._yes(user, good.said, asked.address, good.until, now)
        if self._attempts.wrong_before(user, password, now):
            return Answer(say=Say.NO)
        if wait := self._attempts.wait(user, asked.address, now):
            return Answer(say=Say.LATER, wait=wait)
        if len(self._asking) >= MOST_AT_ONCE:
            return words.DOWN
        try:
            found = await self._ask(user, asked)
        except DownError as error:
            if now - self._said > SAY_AGAIN:
                self._said = now
                logger.error("identity: the directory cannot be asked: {}", error)
            return words.DOWN
        now = self._clock()
        if found is None:
            self._attempts.wrong(user, asked.address, password, now)
            return Answer(say=Say.NO)
        said = traits(self._ways.map, found.attributes).told()
        good = self._attempts.right(user, password, said, now)
        return self._yes(user, said, asked.address, good.until, now)

    async def _ask(self, user: str, asked: Asked) -> Found | None:
        """A browser opens six connections at once: the directory is asked one time."""
        key = (user, asked.password)
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ldap.check(asked.user.strip(), asked.password))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    def _yes(
        self, user: str, said: Mapping[str, str], address: str, until: float, now: float
    ) -> Answer:
        subject = self._named(user, said, address, now)
        return Answer(say=Say.YES, subject=subject, until=until, stay=self._ways.stay)

    def close(self) -> None:
        self._ldap.close()


class LoginDoor:
    """Serves a Desk at a unix socket, from `start` to `close`."""

    def __init__(self, path: Path, desk: Callable[[], Desk]) -> None:
        """`desk` is called in the thread whose event loop it will live on."""
        self._path = path
        self._make = desk
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._open = threading.Event()
        self._desk: Desk | None = None
        self._thread = threading.Thread(target=self._run, name="logins", daemon=True)

    @property
    def counts(self) -> Mapping[str, int]:
        return dict(self._desk.counts) if self._desk is not None else {}

    def start(self) -> None:
        self._thread.start()
        self._open.wait(5)

    def close(self) -> None:
        if self._loop is not None and self._over is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # the door of this thread; its message may quote settings
            logger.error("identity: logins have ended: {}", type(error).__name__)
        finally:
            self._open.set()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        desk = self._desk = self._make()
        self._path.unlink(missing_ok=True)
        lines: set[asyncio.StreamWriter] = set()

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.add(writer)
            try:
                await _hear(desk, reader, writer)
            finally:
                lines.discard(writer)
                writer.close()

        server = await asyncio.start_unix_server(hear, short_path(self._path))
        self._path.chmod(0o600)
        self._open.set()
        await self._over.wait()
        server.close()
        for line in list(lines):
            line.close()
        desk.close()
        await asyncio.sleep(0)
        self._path.unlink(missing_ok=True)


async def _hear(desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One worker, until it hangs up or says nonsense."""
    tasks: set[asyncio.Task[None]] = set()

    async def reply(asked: Asked) -> None:
        try:
            answer = await desk.check(asked)
        except Exception as error:  # the outermost door of one login
            logger.error("identity: a login has failed: {}", type(error).__name__)
            answer = words.DOWN
        if not writer.is_closing():
            writer.write(words.answering(asked.number, answer))

    try:
        while True:
            (size,) = words.LENGTH.unpack(await reader.readexactly(words.LENGTH.size))
            if not 0 < size <= words.LARGEST:
                raise LoginError(f"a frame of {size} bytes")
            asked = words.asked(await reader.readexactly(size))
            task = asyncio.create_task(reply(asked))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    except LoginError as error:
        logger.warning("identity: hung up: {}", error)
    finally:
        for task in tasks:
            task.cancel()
