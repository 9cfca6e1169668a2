"""A body as it streams by: what recognisers of content make of it, a piece at a time. Pure.

The first window is judged before any of it leaves. What follows is unpacked and read as it
comes, up to a budget; what lies beyond is a Gap that policy answers. A page that turned out
harmful only after its beginning had left is remembered for a while, so that whoever asks
again is told why. What was read is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.unpack import Unpacker
from rules.model import Gap, Signal
from rules.recognise.growing import Growing

if TYPE_CHECKING:
    from rules.recognise.content import Recogniser

STEP = 24 * 1024  # bytes, unpacked, after which a page is looked at again
STEP_STREAM = 1024  # the same for an answer that is written while one reads it
MOST = 1024 * 1024  # bytes of a body, unpacked, that are read at all
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
    """Which pages turned out harmful only after their beginning had left: the last ones."""

    __slots__ = ("_found", "_most")

    def __init__(self, most: int = 1024) -> None:
        self._found: dict[tuple[str, str], tuple[Signal, ...]] = {}
        self._most = most

    def put(self, host: str, path: str, signals: tuple[Signal, ...]) -> None:
        """Remember a page by host and path; beyond the limit the oldest is forgotten."""
        self._found.pop((host, path), None)
        if len(self._found) >= self._most:
            del self._found[next(iter(self._found))]
        self._found[host, path] = signals

    def get(self, host: str, path: str) -> tuple[Signal, ...]:
        """What was seen of it; nothing where nothing is remembered."""
        return self._found.get((host, path), ()) if self._found else ()


class Watch:
    """Reads the rest of one body: `skip` its first window, `feed` every chunk, then `end`."""

    __slots__ = ("_growing", "_open", "_read", "_recogniser", "_step", "_unpacker")

    def __init__(
        self, recogniser: Recogniser, media_type: str, charset: str, encoding: str
    ) -> None:
        self._recogniser = recogniser
        self._growing = Growing(media_type, charset)
        self._unpacker = Unpacker(encoding)
        self._step = STEP_STREAM if media_type == STREAM else STEP
        self._read = 0
        self._open = True

    def skip(self, window: bytes) -> None:
        """The first window, which is judged by itself: what is needed to go on after it."""
        data = self._unpacker.feed(window)
        if isinstance(data, Gap):
            self._open = False
            return
        self._read = len(data)
        self._growing.feed(data)
        self._growing.look()

    def feed(self, chunk: bytes) -> Judged:
        """What this chunk adds; nothing once the budget is used up."""
        if not self._open:
            return NOTHING
        data = self._unpacker.feed(chunk)
        if isinstance(data, Gap):
            self._open = False
            return Judged(gap=data)
        self._read += len(data)
        self._growing.feed(data)
        if self._read > MOST:
            self._open = False
            return Judged(signals=self._look(last=True), gap=Gap.OVER_BUDGET)
        if self._growing.size < self._step:
            return NOTHING
        return Judged(signals=self._look())

    def end(self) -> Judged:
        """What the rest shows."""
        if not self._open:
            return NOTHING
        self._open = False
        return Judged(signals=self._look(last=True))

    def _look(self, *, last: bool = False) -> tuple[Signal, ...]:
        return self._recogniser.page(self._growing.look(last=last))
