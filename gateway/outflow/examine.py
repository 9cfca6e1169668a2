"""One request's body: undone, read, weighed and, where asked, masked. What a worker has for it.

The thinking is in the rooms beside this one; here is what it is done with: recognisers, roster,
the key of the fakes, one thread for what is large. Recognisers are not shared between threads.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.outflow.look import Seen, look
from gateway.outflow.mask import Fakes, masked
from gateway.outflow.model import Part
from gateway.outflow.parts import parts, query_part
from gateway.outflow.words import scrubbed
from gateway.unpack import Unpacker
from rules.model import Gap
from rules.recognise.personal.carried import Carried, Opaque
from rules.recognise.personal.finder import Finder

INLINE: Final = 16 * 1024  # bytes read on the event loop; more goes to the thread
SECONDS: Final = 20.0  # one body is read for no longer
_PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request's body as it came, and the headers that say what it is."""

    body: bytes
    encoding: str = ""
    media: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was read. `data` is the body undone, to which `parts` point; `query` the path's."""

    seen: Seen
    data: bytes = b""
    parts: tuple[Part, ...] = ()
    query: int = -1  # which part is the query of the path; -1: none


def undone(body: bytes, encoding: str) -> bytes | None:
    """The body without its content-encoding; None where that cannot be."""
    if not encoding.strip() or encoding.strip().lower() == "identity":
        return body
    unpacker = Unpacker(encoding)
    out = bytearray()
    for at in range(0, len(body), _PIECE):
        piece = unpacker.feed(body[at : at + _PIECE])
        if isinstance(piece, Gap):
            return None
        out += piece
    return bytes(out) if out or not body else None


def examine(
    sent: Sent, finder: Finder, today: date, late: Callable[[], bool] = lambda: False
) -> Examined:
    """Read one request. Total."""
    found = [query_part(sent.path)] if "?" in sent.path else []
    data = undone(sent.body, sent.encoding)
    if data is None:
        found.append(Part(start=0, end=0, unread=(Opaque.CODING,)))
    elif data:
        found += parts(data, sent.media, sent.path)
    query = 0 if "?" in sent.path else -1
    seen = look(found, finder, today, late)
    return Examined(seen=seen, data=data or b"", parts=tuple(found), query=query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The same request without its finds."""

    body: bytes
    path: str


def rewritten(
    sent: Sent, examined: Examined, fakes: Fakes, finder: Finder, today: date
) -> Rewritten | None:
    """The request masked and read again; None where anything of it could not be."""
    seen, path, body = examined.seen, sent.path, examined.data
    query = tuple(one for one in seen.finds if one.part == examined.query)
    rest = tuple(one for one in seen.finds if one.part != examined.query)
    told = {"carried": seen.carried, "fixed": seen.fixed}
    if query:
        raw = path.encode("utf-8", "surrogateescape")
        fresh = masked(raw, examined.parts, Seen(finds=query, **told), fakes)  # type: ignore[arg-type]
        if fresh is None:
            return None
        path = fresh.decode("utf-8", "surrogateescape")
    if rest:
        done = masked(body, examined.parts, Seen(finds=rest, **told), fakes)  # type: ignore[arg-type]
        if done is None:
            return None
        body = done
    if not query and not rest:
        return None
    again = examine(Sent(body=body, media=sent.media, path=path), finder, today)
    carried = again.seen.carried
    if carried.kinds or carried.unread:
        return None
    return Rewritten(body=body, path=path)


class Examiner:
    """What one worker reads bodies with."""

    def __init__(
        self,
        make: Callable[[], Finder],
        *,
        clock: Callable[[], float] = time.monotonic,
        key: bytes = b"",
    ) -> None:
        """`make` gives a Finder; one is made for the event loop and one for the thread."""
        self._make = make
        self._clock = clock
        self._here: Finder | None = None
        self._there: Finder | None = None
        self._pool: ThreadPoolExecutor | None = None
        self.fakes = Fakes(key or secrets.token_bytes(32))

    def now(self, sent: Sent, today: date) -> Examined:
        """Read a small body on this thread."""
        self._here = self._here or self._make()
        return examine(sent, self._here, today, self._limit())

    def later(self, sent: Sent, today: date) -> Future[Examined]:
        """Read a large one on the other."""
        return self._run(lambda finder: examine(sent, finder, today, self._limit()))

    def mask(self, sent: Sent, examined: Examined, today: date) -> Rewritten | None:
        """Mask a small body on this thread."""
        self._here = self._here or self._make()
        return rewritten(sent, examined, self.fakes, self._here, today)

    def mask_later(self, sent: Sent, examined: Examined, today: date) -> Future[Rewritten | None]:
        """Mask a large one on the other."""
        return self._run(lambda finder: rewritten(sent, examined, self.fakes, finder, today))

    def scrubbed(self, text: str) -> str:
        """What somebody wrote, with every find named instead of told."""
        self._here = self._here or self._make()
        return scrubbed(text, self._here)

    def _run[T](self, work: Callable[[Finder], T]) -> Future[T]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="outflow")

        def run() -> T:
            self._there = self._there or self._make()
            return work(self._there)

        return self._pool.submit(run)

    def _limit(self) -> Callable[[], bool]:
        end = self._clock() + SECONDS
        return lambda: self._clock() > end

    def close(self) -> None:
        """End the thread; what it reads is given up."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def too_large() -> Seen:
    """What is known of a body that is longer than what is held."""
    return Seen(carried=Carried(unread=(Opaque.TOO_LARGE,)))
