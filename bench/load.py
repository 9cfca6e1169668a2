"""The load generator: a fixed number of requests through a proxy, every answer checked.

    python -O bench/load.py '{"kind": "http", "proxy": ["127.0.0.1", 8080], …}'

Runs in a process of its own, pinned away from the proxy, and prints one JSON document.
It measures latency; CPU is measured from outside. With `rate` requests are due at fixed
times and latency counts from when one was due, so that a slow proxy cannot hide a queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to ask. `kind` is http, https (through CONNECT), tls (to a server itself) or direct."""

    kind: str
    proxy: tuple[str, int]
    host: str
    port: int
    path: str
    requests: int
    connections: int = 8
    per_connection: int = 0  # requests on one connection; 0 keeps it for ever
    rate: float = 0.0  # requests per second; 0 is as fast as answers come
    status: int = 200
    length: int = -1  # bytes that the body must have; -1 does not look
    ca: str = ""
    core: int = -1
    header: str = ""  # one more header line of every request


@dataclass(slots=True)
class Tally:
    """What came of it."""

    begun: float
    next: int = 0
    errors: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


class WrongError(Exception):
    """An answer that is not the one expected."""


async def opened(
    load: Load, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which requests can be sent."""
    if load.kind == "tls":
        return await asyncio.open_connection(
            *load.proxy, limit=1 << 20, ssl=context, server_hostname=load.host
        )
    reader, writer = await asyncio.open_connection(*load.proxy, limit=1 << 20)
    if context is not None:
        target = f"{load.host}:{load.port}"
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if head.split(b" ", 2)[1] != b"200":
            raise WrongError(f"CONNECT: {head[:60]!r}")
        await writer.start_tls(context, server_hostname=load.host)
    return reader, writer


async def asked(
    load: Load, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One request and its whole answer. Raises WrongError."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if status != load.status:
        raise WrongError(f"status {status}")
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        size = int(head[at + 17 : head.index(b"\r\n", at + 2)])
        await reader.readexactly(size)
    else:
        size = await chunked(reader)
    if load.length not in (-1, size):
        raise WrongError(f"{size} bytes instead of {load.length}")


async def chunked(reader: asyncio.StreamReader) -> int:
    total = 0
    while size := int((await reader.readline()).split(b";")[0], 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readline()
    return total


class Client:
    """One client: takes the next request until there are none left."""

    def __init__(self, load: Load, context: ssl.SSLContext | None, tally: Tally) -> None:
        authority = f"{load.host}:{load.port}" if load.port != 80 else load.host
        target = f"http://{authority}{load.path}" if load.kind == "http" else load.path
        close = "Connection: close\r\n" if load.per_connection == 1 else ""
        own = f"{load.header}\r\n" if load.header else ""
        head = f"GET {target} HTTP/1.1\r\nHost: {authority}\r\nAccept: */*\r\n{close}{own}\r\n"
        self.load = load
        self.context = context
        self.tally = tally
        self.request = head.encode()
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.done = 0  # requests answered on this connection

    async def run(self) -> None:
        load, tally = self.load, self.tally
        while tally.next < load.requests:
            number = tally.next
            tally.next += 1
            due = time.perf_counter()
            if load.rate:
                due = tally.begun + number / load.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                await self.ask()
            except (OSError, EOFError, ValueError, WrongError) as error:
                tally.errors.append(f"{type(error).__name__}: {error}"[:120])
                self.close()
            else:
                tally.latencies.append(time.perf_counter() - due)
        self.close()

    async def ask(self) -> None:
        """One request; once more where a kept connection was closed meanwhile, as browsers do."""
        try:
            await self.once()
        except (ConnectionResetError, asyncio.IncompleteReadError) as error:
            begun = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if not self.done or begun:
                raise
            self.close()
            await self.once()

    async def once(self) -> None:
        if self.streams is None:
            self.streams = await opened(self.load, self.context)
        await asked(self.load, self.request, *self.streams)
        self.done += 1
        if self.done == self.load.per_connection:
            self.close()

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
        self.streams, self.done = None, 0


async def run(load: Load) -> dict[str, object]:
    """All of it; the report."""
    context = None
    if load.kind in ("https", "tls"):
        context = ssl.create_default_context(cafile=load.ca)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # squid's leaves have no key identifier
    tally = Tally(begun=time.perf_counter())
    await asyncio.gather(*(Client(load, context, tally).run() for _ in range(load.connections)))
    seconds = time.perf_counter() - tally.begun
    ordered = sorted(tally.latencies)
    return {
        "requests": len(ordered),
        "errors": len(tally.errors),
        "samples": sorted(set(tally.errors))[:3],
        "seconds": seconds,
        "p50": ordered[len(ordered) // 2] if ordered else None,
        "p99": ordered[int(len(ordered) * 0.99)] if ordered else None,
    }


def main() -> None:
    told = json.loads(sys.argv[1])
    load = Load(**{**told, "proxy": tuple(told["proxy"])})
    if load.core >= 0:
        os.sched_setaffinity(0, {load.core})
    print(json.dumps(asyncio.run(run(load))))


if __name__ == "__main__":
    main()
