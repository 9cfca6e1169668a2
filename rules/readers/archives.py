"""Archives (ZIP, GZ): their members as files, within bounds of size, ratio, number and depth."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from rules.model import Text
from rules.readers.mail import Inner
from rules.readers.model import Bounds, Piece, Unread

BROKEN = Text(zh="压缩包已损坏，未能读取", en="a damaged archive, not read")
LOCKED = Text(zh="有密码，未能读取", en="protected by a password, not read")
BOMB = Text(zh="解压后过大，未读取（疑似压缩炸弹）", en="unpacks to too much, not read")
DEEP = Text(zh="压缩包嵌套过深，未读取", en="archives nested too deeply, not read")
MANY = Text(zh="文件数过多，其余未读取", en="too many members, the rest was not read")
_FREE = 10 * 1024**2  # bytes that no ratio is asked of
_HELD = 8 * 1024**2  # bytes held in memory, beyond that in a temporary file
_CHUNK = 256 * 1024


class _BombError(Exception):
    """Unpacks to too much."""


def zip_pieces(
    path: str, stream: BinaryIO, bounds: Bounds, inner: Inner, depth: int
) -> Iterator[Piece | Unread]:
    """Members one after another; names are shown as they are stored."""
    if depth <= 0:
        yield Unread(path=path, what=DEEP)
        return
    try:
        packed = zipfile.ZipFile(stream)
        members = [one for one in packed.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeError):
        yield Unread(path=path, what=BROKEN)
        return
    left = bounds.unpacked
    for member in members[: bounds.members]:
        name = f"{path}/{_name(member)}"
        if member.flag_bits & 1:
            yield Unread(path=name, what=LOCKED)
            continue
        try:
            with packed.open(member) as source:
                most = min(left, max(_FREE, bounds.ratio * member.compress_size))
                spool = _unpacked(source, most)
        except _BombError:
            yield Unread(path=name, what=BOMB)
            continue
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, zlib.error, NotImplementedError,
                RuntimeError):  # fmt: skip
            yield Unread(path=name, what=BROKEN)
            continue
        with spool:
            left -= spool.seek(0, 2)
            spool.seek(0)
            yield from inner(name, cast(BinaryIO, spool), bounds, depth - 1)
    if len(members) > bounds.members:
        yield Unread(path=path, what=MANY)


def gzip_pieces(
    path: str, stream: BinaryIO, bounds: Bounds, inner: Inner, depth: int
) -> Iterator[Piece | Unread]:
    """The one file inside."""
    if depth <= 0:
        yield Unread(path=path, what=DEEP)
        return
    size = stream.seek(0, 2)
    stream.seek(0)
    try:
        with gzip.open(stream) as source:
            most = min(bounds.unpacked, max(_FREE, bounds.ratio * size))
            spool = _unpacked(cast(IO[bytes], source), most)
    except _BombError:
        yield Unread(path=path, what=BOMB)
        return
    except (OSError, EOFError, zlib.error):
        yield Unread(path=path, what=BROKEN)
        return
    with spool:
        yield from inner(path.removesuffix(".gz"), cast(BinaryIO, spool), bounds, depth - 1)


def _unpacked(source: IO[bytes], most: int) -> IO[bytes]:
    """A seekable copy of at most so many bytes; gone when it is closed."""
    spool = tempfile.SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115
    size = 0
    try:
        while data := source.read(_CHUNK):
            size += len(data)
            if size > most:
                raise _BombError
            spool.write(data)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return cast(IO[bytes], spool)


def _name(member: zipfile.ZipInfo) -> str:
    """Names of old Chinese archives are GB18030 and not marked as such."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
