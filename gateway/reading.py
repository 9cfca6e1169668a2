"""A body as it streams by: what recognisers of content make of it, a piece at a time. Pure.

The first window is judged before any of it leaves. What follows is unpacked and read as it
comes, up to a budget; what lies beyond is a Gap that policy answers. A page that turned out
harmful only after its beginning had left is remembered for a while, so that whoever asks
again is told why. What was read is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.unpack import Unpacker
from rules.model import Gap, Signal
from rules.recognise.growing import Growing

if TYPE_CHECKING:
    from rules.recognise.content import Recogniser

STEP = 1024  # bytes as sent: smaller pieces wait for more (an event stream's do not)
CONTEXT = 600  # characters of what was read before that are read again
MOST = 1024 * 1024  # bytes of a body, unpacked, that are read at all
REMEMBERED = 600.0  # seconds
STREAM = "text/event-stream"
_PROGRAMS = ("application/json", "application/ld+json", "application/x-ndjson", STREAM)


def is_read(media: str) -> bool:
    """Whether a body that is no page is worth reading: what programs answer, as text."""
    return media in _PROGRAMS or media.endswith("+json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a further piece of a body showed."""

    signals: tuple[Signal, ...] = ()
    gap: Gap | None = None

    def __bool__(self) -> bool:
        return bool(self.signals) or self.gap is not None


NOTHING = Judged()


class Remembered:
    """Which pages turned out harmful only after their beginning had left, for ten minutes."""

    __slots__ = ("_found", "_most")

    def __init__(self, most: int = 1024) -> None:
        self._found: dict[tuple[str, str], tuple[float, tuple[Signal, ...]]] = {}
        self._most = most

    def put(self, host: str, path: str, signals: tuple[Signal, ...], now: float) -> None:
        """Remember a page by host and path; beyond the limit the oldest is forgotten."""
        self._found.pop((host, path), None)
        if len(self._found) >= self._most:
            del self._found[next(iter(self._found))]
        self._found[host, path] = (now + REMEMBERED, signals)

    def get(self, host: str, path: str, now: float) -> tuple[Signal, ...]:
        """What was seen of it; nothing where nothing is remembered (any longer)."""
        found = self._found.get((host, path)) if self._found else None
        return found[1] if found is not None and now < found[0] else ()


def united(seen: tuple[Signal, ...], more: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """What was seen so far with what was seen now: of equal recognitions the surest."""
    if not seen:
        return more
    best = {(one.category, one.recogniser, one.place): one for one in seen}
    for one in more:
        key = (one.category, one.recogniser, one.place)
        if key not in best or best[key].confidence < one.confidence:
            best[key] = one
    return tuple(best.values())


class Watch:
    """Reads a body while it streams: `feed` every chunk, then `end`; `release` says what may leave.

    `judged`: the first chunk is a window that was judged by itself; only what is needed to
    go on after it is taken from it.
    """

    __slots__ = (
        "_context",
        "_growing",
        "_held",
        "_judged",
        "_open",
        "_passed",
        "_read",
        "_recogniser",
        "_step",
        "_unpacker",
    )

    def __init__(
        self,
        recogniser: Recogniser,
        media_type: str,
        charset: str,
        encoding: str,
        *,
        judged: bool,
    ) -> None:
        self._judged = judged
        self._recogniser = recogniser
        self._growing = Growing(media_type, charset)
        self._unpacker = Unpacker(encoding)
        self._step = 0 if media_type == STREAM else STEP
        self._held = bytearray()  # not looked at yet
        self._passed = bytearray()  # looked at: may leave
        self._context = ""
        self._read = 0
        self._open = True

    def feed(self, chunk: bytes) -> Judged:
        """What this chunk adds; nothing while it waits, or once the budget is used up."""
        self._held += chunk
        if not self._open or len(self._held) < self._step:
            return NOTHING
        return self._look()

    def hurry(self) -> Judged:
        """What waits is looked at now, however little it is: nothing more came for a while."""
        return self._look() if self._open and self._held else NOTHING

    def release(self) -> bytes:
        """The bytes that may leave now that they have been read."""
        if not self._open:
            self._passed += self._held
            self._held.clear()
        data = bytes(self._passed)
        self._passed.clear()
        return data

    def end(self) -> Judged:
        """What the rest shows; after it everything may leave."""
        if not self._open:
            return NOTHING
        found = self._look(last=True)
        self._open = False
        return found

    def _look(self, *, last: bool = False) -> Judged:
        chunk = bytes(self._held)
        self._passed += chunk
        self._held.clear()
        data = self._unpacker.feed(chunk)
        if isinstance(data, Gap):
            self._open = False
            return Judged(gap=data)
        self._read += len(data)
        self._growing.feed(data)
        if self._judged:
            self._judged = False
            self._context = self._growing.look(last=last).text[-CONTEXT:]
            return NOTHING
        over = self._read > MOST
        page = self._growing.look(last=last or over)
        if self._context:
            page = replace(page, text=f"{self._context}\n{page.text}")
        self._context = page.text[-CONTEXT:]
        if over:
            self._open = False
        found = self._recogniser.page(page)
        return Judged(signals=found, gap=Gap.OVER_BUDGET if over else None)
