"""A body as it streams by: what recognisers of content make of it, a window at a time. Pure.

The first window is judged before any of it leaves. What follows is unpacked and read as it
comes, each time with the end of what came before, so that nothing hides on a seam; a body
is read up to a budget, and what lies beyond is a Gap that policy answers. What was read is
not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.content import Unpacker
from rules.model import Gap, Signal

if TYPE_CHECKING:
    from rules.recognise.content import Recogniser
    from rules.recognise.growing import Growing

STEP = 4000  # characters of text that must have come before it is looked at again
STEP_STREAM = 400  # the same for an answer that is written while one reads it
MOST = 1024 * 1024  # bytes of a body, unpacked, that are read at all
SEAM = 200  # characters of what was read before that are read again
JSON = ("application/json", "application/ld+json", "application/x-ndjson")
STREAM = "text/event-stream"


def is_read(media: str) -> bool:
    """Whether text of this kind is worth reading besides pages: answers of programs."""
    return media in JSON or media.endswith("+json") or media == STREAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a further piece of a body showed."""

    signals: tuple[Signal, ...] = ()
    gap: Gap | None = None

    def __bool__(self) -> bool:
        return bool(self.signals) or self.gap is not None


NOTHING = Judged()


class Remembered:
    """Which pages turned out harmful only after their beginning had left, for a while.

    Asked for again, such a page is answered with the reason instead of breaking off.
    """

    __slots__ = ("_found", "_most")

    def __init__(self, most: int = 1024) -> None:
        self._found: dict[tuple[str, str], tuple[Signal, ...]] = {}
        self._most = most

    def put(self, host: str, path: str, signals: tuple[Signal, ...]) -> None:
        """Remember; the oldest is forgotten."""
        if len(self._found) >= self._most:
            del self._found[next(iter(self._found))]
        self._found[host, path] = signals

    def get(self, host: str, path: str) -> tuple[Signal, ...]:
        return self._found.get((host, path), ()) if self._found else ()


class Watch:
    """Reads the rest of one body. `feed` every chunk, `end` at its end."""

    __slots__ = ("_growing", "_open", "_read", "_recogniser", "_seam", "_step", "_text", "_unpacker")

    def __init__(
        self, recogniser: Recogniser, growing: Growing, encoding: str, *, step: int = STEP
    ) -> None:
        self._step = step
        self._recogniser = recogniser
        self._growing = growing
        self._unpacker = Unpacker(encoding)
        self._read = 0
        self._text = ""
        self._seam = ""
        self._open = True

    def skip(self, window: bytes) -> None:
        """The first window, which was judged by itself: only what is needed to go on from it."""
        data = self._unpacker.feed(window)
        if isinstance(data, Gap):
            self._open = False
            return
        self._read = len(data)
        self._seam = self._growing.feed(data)[-SEAM:]

    def feed(self, chunk: bytes) -> Judged:
        """What this chunk adds. Nothing once the budget is used up or all is known."""
        if not self._open:
            return NOTHING
        data = self._unpacker.feed(chunk)
        if isinstance(data, Gap):
            self._open = False
            return Judged(gap=data)
        self._read += len(data)
        self._text += self._growing.feed(data)
        if self._read > MOST:
            self._open = False
            found = self._look()
            return Judged(signals=found, gap=Gap.OVER_BUDGET)
        if len(self._text) < self._step:
            return NOTHING
        return Judged(signals=self._look())

    def end(self) -> Judged:
        """What the rest shows."""
        if not self._open:
            return NOTHING
        self._open = False
        self._text += self._growing.end()
        return Judged(signals=self._look())

    def _look(self) -> tuple[Signal, ...]:
        if not self._text:
            return ()
        text, self._text = self._seam + self._text, ""
        self._seam = text[-SEAM:]
        return self._recogniser.text(text)
