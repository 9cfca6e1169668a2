"""A body's content-encoding undone while it streams: chunk in, bytes or a Gap out. Pure.

The first window is `content.readable`'s business; this is for looking into the windows after
it. Memory is bounded whatever comes: a chunk may not become more than the budget, and the
whole not more than its length allows. After a Gap nothing more is read.
"""

from __future__ import annotations

import zlib
from typing import Final, Protocol

import brotli
import zstandard

from gateway.content import BUDGET, DECODERS, MAX_CODINGS, READ, WINDOW
from rules.model import Gap

RATIO: Final = BUDGET // WINDOW  # decoded to sent, over the whole body, beyond the first budget
SLICE: Final = 256  # bytes of zstd at a time: 64 blocks, 8 MiB at the very most


class _Stage(Protocol):
    """One coding. `feed` returns what it made of the data, at most `limit` + 1 bytes."""

    def feed(self, data: bytes, limit: int) -> bytes | Gap: ...


class Unpacker:
    """The codings of a Content-Encoding header, in the order in which they are undone."""

    def __init__(self, encoding: str) -> None:
        codings = [coding.strip().lower() for coding in encoding.split(",")]
        self._gap: Gap | None = Gap.BOMB if len(codings) > MAX_CODINGS else None
        if any(coding not in DECODERS for coding in codings):
            self._gap = self._gap or Gap.UNDECODABLE
        wanted = [] if self._gap else [_STAGES.get(coding) for coding in reversed(codings)]
        self._stages = [stage() for stage in wanted if stage is not None]
        self._taken = 0
        self._given = 0

    def feed(self, chunk: bytes) -> bytes | Gap:
        """The bytes that this chunk adds. Once a Gap, always that Gap."""
        if self._gap is not None:
            return self._gap
        self._taken += len(chunk)
        data = chunk
        for stage in self._stages:
            if not data:
                return b""
            found = stage.feed(data, BUDGET)
            if isinstance(found, Gap):
                return self._stop(found)
            if len(found) > BUDGET:
                return self._stop(Gap.BOMB)
            data = found
        self._given += len(data)
        if self._stages and self._given > max(BUDGET, RATIO * self._taken):
            return self._stop(Gap.BOMB)
        return data

    def _stop(self, gap: Gap) -> Gap:
        self._gap = gap
        self._stages = []
        return gap


class _Inflate:
    """gzip (with all its members) or deflate (with or without its zlib head)."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._decoder = zlib.decompressobj(bits)
        self._ended = False
        self._further = False  # between members: what follows may be no member

    def feed(self, data: bytes, limit: int) -> bytes | Gap:
        out = bytearray()
        while data and not self._ended:
            try:
                out += self._decoder.decompress(data, limit + 1 - len(out))
            except zlib.error:
                if self._further:
                    self._ended = True
                    break  # padding behind the last member, which browsers ignore
                return Gap.UNDECODABLE
            if len(out) > limit:
                break
            if self._decoder.unconsumed_tail:
                data = self._decoder.unconsumed_tail
            elif self._decoder.eof:
                data = self._next_member()
            else:
                break
        return bytes(out)

    def _next_member(self) -> bytes:
        """A gzip member ended; a further one may follow (its head may be cut)."""
        rest = self._decoder.unused_data
        if self._bits < 0 or self._bits == 15 or (rest and not rest.startswith(b"\x1f")):
            self._ended = True
            return b""
        self._decoder = zlib.decompressobj(self._bits)
        self._further = True
        return rest


class _Gzip(_Inflate):
    def __init__(self) -> None:
        super().__init__(31)


class _Deflate(_Inflate):
    """Is there a zlib head? Two bytes decide (RFC 1950 section 2.2)."""

    def __init__(self) -> None:
        super().__init__(15)
        self._seen = b""

    def feed(self, data: bytes, limit: int) -> bytes | Gap:
        if len(self._seen) < 2:
            before = len(self._seen)
            self._seen = (self._seen + data)[:2]
            if len(self._seen) < 2:
                return b""
            data = self._seen[:before] + data
            first, second = self._seen
            if first & 15 != 8 or (first * 256 + second) % 31:
                self._bits = -15
                self._decoder = zlib.decompressobj(-15)
        return super().feed(data, limit)


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes, limit: int) -> bytes | Gap:
        if self._decoder.is_finished():
            return b""
        out = bytearray()
        try:
            out += self._decoder.process(data, output_buffer_limit=READ)
            while len(out) <= limit and not self._decoder.is_finished():
                more = self._decoder.process(b"", output_buffer_limit=READ)
                if not more:
                    break
                out += more
        except brotli.error:
            return Gap.UNDECODABLE
        return bytes(out)


class _Zstd:
    def __init__(self) -> None:
        # 8 MiB is what browsers accept for the content-encoding (RFC 9659)
        factory = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
        self._decoder = factory.decompressobj(read_across_frames=True)

    def feed(self, data: bytes, limit: int) -> bytes | Gap:
        out = bytearray()
        try:
            for at in range(0, len(data), SLICE):
                out += self._decoder.decompress(data[at : at + SLICE])
                if len(out) > limit:
                    break
        except zstandard.ZstdError:
            return Gap.UNDECODABLE
        return bytes(out)


_STAGES: Final[dict[str, type[_Gzip] | type[_Deflate] | type[_Brotli] | type[_Zstd]]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
