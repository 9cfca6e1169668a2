"""Opens list files: plain, .gz, .zst, .tar of these; and says when one is cut short.

A door: it reads files and folders, and nothing else of the world. Nothing is ever
unpacked to disk. A stream that ends before its own format says so is a RefusedError,
because half a block list is worse than yesterday's whole one.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import zstandard

BLOCK = 1 << 20  # bytes read at a time
MAX_LINE = 1 << 16  # bytes; no host or rule is longer
MAX_BYTES = 4 << 30  # bytes after decompression: guards against bombs


class RefusedError(Exception):
    """This file is not taken: cut short, empty, broken, too large. The text says why."""


@dataclass(frozen=True, slots=True)
class Lines:
    """One file as chunks of whole lines; `ended` after reading: did the last line end?"""

    name: str
    stream: IO[bytes]

    def chunks(self) -> Iterator[tuple[int, list[bytes], bool]]:
        """(number of the first line, lines without their ends, is the last one unended).

        CRLF and a byte order mark are taken off; a line over MAX_LINE is cut to it.
        """
        number, rest, total = 1, b"", 0
        while block := read(self.stream):
            total += len(block)
            if total > MAX_BYTES:
                raise RefusedError(f"more than {MAX_BYTES} bytes after decompression")
            if number == 1 and not rest:
                block = block.removeprefix(b"\xef\xbb\xbf")
            body, mark, tail = (rest + block).rpartition(b"\n")
            rest = tail[: MAX_LINE + 1]
            if mark:
                lines = body.replace(b"\r\n", b"\n").removesuffix(b"\r").split(b"\n")
                yield number, lines, False
                number += len(lines)
        if rest:
            yield number, [rest.removesuffix(b"\r")], True

    def all(self) -> Iterator[tuple[int, bytes]]:
        """(number, line) one by one, for formats whose files are small."""
        for first, lines, _ in self.chunks():
            yield from enumerate(lines, first)


@dataclass(frozen=True, slots=True)
class Member:
    """One file or link of a tree; `link` names its target where it is a link."""

    path: PurePosixPath
    lines: Lines | None
    link: str = ""


def read(stream: IO[bytes]) -> bytes:
    """One block; what a cut or damaged stream raises becomes a RefusedError."""
    try:
        return stream.read(BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError, tarfile.TarError) as error:
        raise RefusedError(f"truncated or damaged: {error}") from error


@contextmanager
def open_lines(path: Path) -> Iterator[Lines]:
    """A file as Lines, decompressed by what its first bytes say, not by its name."""
    with path.open("rb") as raw:
        yield Lines(path.name, _decompressed(raw))


@contextmanager
def open_tree(path: Path) -> Iterator[Iterator[Member]]:
    """The members of a folder or of a tar archive, in the order they are stored."""
    if path.is_dir():
        yield _folder(path)
        return
    with path.open("rb") as raw:
        yield _archive(_decompressed(raw))


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    magic = raw.read(4)
    raw.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw), BLOCK)
    if magic == b"\x28\xb5\x2f\xfd":
        return io.BufferedReader(_Zstd(raw), BLOCK)
    return raw


class _Zstd(io.RawIOBase):
    """zstandard's own reader returns a short read for a cut file; this one says so."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self.ready = b""
        self.begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        while not self.ready:
            if self.frame.eof:
                fed = self.frame.unused_data or self.raw.read(BLOCK // 8)
                if not fed:
                    return 0
                self.frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            else:
                fed = self.raw.read(BLOCK // 8)
                if not fed:
                    raise EOFError("the zstd frame is not complete")
            self.ready = self.frame.decompress(fed)
        taken, self.ready = self.ready[: len(into)], self.ready[len(into) :]
        into[: len(taken)] = taken
        return len(taken)


class _Tail(io.RawIOBase):
    """Passes bytes on and remembers the last ones: a whole archive ends in zeros."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(size)
        if block:
            self.last = block[-512:]
        return block


def _folder(path: Path) -> Iterator[Member]:
    for found in sorted(path.rglob("*")):
        name = PurePosixPath(found.relative_to(path).as_posix())
        if found.is_symlink():
            yield Member(name, None, str(found.readlink()))
        elif found.is_file() and not any(up.is_symlink() for up in found.parents if up != path):
            with open_lines(found) as lines:
                yield Member(name, Lines(str(name), lines.stream))


def _archive(stream: IO[bytes]) -> Iterator[Member]:
    tail = _Tail(stream)
    try:
        with tarfile.open(fileobj=tail, mode="r|") as archive:
            for item in archive:
                name = PurePosixPath(item.name)
                if item.issym() or item.islnk():
                    yield Member(name, None, item.linkname)
                elif item.isfile():
                    body = archive.extractfile(item)
                    if body is not None:
                        yield Member(name, Lines(str(name), body))
        while block := tail.read(BLOCK):
            del block
    except (EOFError, OSError, zlib.error, zstandard.ZstdError, tarfile.TarError) as error:
        raise RefusedError(f"truncated or damaged archive: {error}") from error
    if tail.last.strip(b"\0"):
        raise RefusedError("truncated archive: it does not end in zero blocks")
