"""The worker's event loop: resolves names itself, so that no name leads inwards.

asyncio resolves every upstream name through `loop.getaddrinfo`; here that is
cached for a short while and every address it gives is judged again, which
defeats DNS rebinding. Address literals do not come through here: the filter
judges them in its `server_connect` hook.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

from gateway.destinations import Destinations
from gateway.identity.resolve import parse_address
from rules.model import Gap

KEEP = 30.0  # seconds an answer is reused
KEEP_FAILURE = 5.0
MOST = 10_000  # names remembered
RESOLVERS = 64  # names looked up at a time; a slow one holds a thread for many seconds


class EdgeLoop(asyncio.SelectorEventLoop):
    """A selector loop whose name look-ups are cached and checked."""

    destinations: Destinations | None = None
    static: Mapping[str, str] = MappingProxyType({})  # name → address, from the node

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[tuple[Any, ...], tuple[float, list[Any] | OSError]] = {}
        self._asking: dict[tuple[Any, ...], asyncio.Task[tuple[float, list[Any] | OSError]]] = {}
        self.set_default_executor(ThreadPoolExecutor(RESOLVERS, thread_name_prefix="names"))

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the name is asyncio's
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Addresses that may be connected to. Raises OSError where there is none."""
        key = (host, port, family, type, proto, flags)
        now = time.monotonic()
        known = self._answers.get(key)
        if known is None or known[0] < now:
            known = await self._shared(key)
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[key] = known
        answer = known[1]
        if isinstance(answer, OSError):
            raise type_of(answer)
        return answer

    async def _shared(self, key: tuple[Any, ...]) -> tuple[float, list[Any] | OSError]:
        """One look-up for all who ask the same at the same time."""
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = self.create_task(self._look_up(key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _look_up(self, key: tuple[Any, ...]) -> tuple[float, list[Any] | OSError]:
        host, port, family, kind, proto, flags = key
        host = self.static.get(host, host)
        try:
            found = await self._resolve(
                host, port, family=family, type=kind, proto=proto, flags=flags
            )
        except OSError as error:
            return time.monotonic() + KEEP_FAILURE, error
        except UnicodeError:  # a name that the system's resolver cannot even ask for
            return time.monotonic() + KEEP_FAILURE, OSError("the name cannot be resolved")
        checked = [row for row in found if self._allowed(row)]
        if found and not checked:
            refused = ConnectionRefusedError(Gap.FORBIDDEN_DESTINATION.value)
            return time.monotonic() + KEEP_FAILURE, refused
        return time.monotonic() + KEEP, checked

    async def _resolve(self, host: Any, port: Any, **hints: int) -> list[Any]:
        """The system's resolver, in asyncio's thread pool. Raises OSError."""
        return await super().getaddrinfo(host, port, **hints)

    def _allowed(self, row: Any) -> bool:
        if self.destinations is None:
            return True
        family, _, _, _, address = row
        if family not in (socket.AF_INET, socket.AF_INET6):
            return False
        return not self.destinations.refuses(parse_address(address[0]), address[1])


def type_of(error: OSError) -> OSError:
    """A fresh copy of an error: raising one object again and again grows its traceback."""
    return type(error)(*error.args)
