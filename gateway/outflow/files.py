"""Files inside a body → leaves: tables, documents, archives, by the readers of `rules/readers`.

Bounded in bytes, members, depth and time; what lies beyond, or behind a password, is an Opaque.
Readers are imported when the first file comes: most workers never read one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from gateway.outflow.model import Attached, Leaf, Write
from gateway.outflow.parts import is_media, text_of
from rules.recognise.personal.carried import Opaque

ENDS = {
    "text/csv": ".csv", "text/tab-separated-values": ".tsv", "application/json": ".json",
    "application/pdf": ".pdf", "message/rfc822": ".eml", "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/sql": ".sql",
}  # fmt: skip
MEMBERS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".mp3", ".mp4", ".mov", ".wav")
_KNOWN = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"PAR1", b"\xd0\xcf\x11\xe0")
_STRINGS = 4 * 1024 * 1024  # bytes of a binary file whose text is read
_PASSWORD = ("密码", "口令", "加密", "password", "encrypted")
_LIMIT = ("超过", "过多", "过深", "过大", "上限", "炸弹", "limit", "bomb")


def file_leaves(file: Attached, late: Callable[[], bool]) -> Iterator[Leaf | Opaque]:
    """What a file says. `late` tells that its time is over. Total."""
    if not file.data.strip():
        return
    if is_media(file.data):
        yield Opaque.MEDIA
        return
    if not file.data.startswith(_KNOWN) and b"%PDF-" not in file.data[:1024] and _binary(file):
        yield Opaque.BINARY  # what stands in it as text is read all the same
        words = file.data[:_STRINGS].decode("utf-8", "replace").replace("\x00", " ")
        yield Leaf("", words, 0, 0, Write.FIXED)
        return
    from rules.readers.files import stream_pieces
    from rules.readers.model import Bounds, Unread

    bounds = Bounds(
        unpacked=64 * 1024**2, ratio=100, members=500, depth=2, sheet=16 * 1024**2,
        whole=32 * 1024**2, cell=64 * 1024, columns=2_000, pages=300,
    )  # fmt: skip
    name = _named(file)
    pictures: set[str] = set()
    try:
        for number, piece in enumerate(stream_pieces(name, io.BytesIO(file.data), bounds)):
            if number % 256 == 0 and late():
                yield Opaque.BUDGET
                return
            if piece.path.lower().endswith(MEMBERS):  # its bytes read as text would be noise
                if piece.path not in pictures:
                    pictures.add(piece.path)
                    yield Opaque.MEDIA
                continue
            if isinstance(piece, Unread):
                if piece.fatal:
                    yield _why(piece.path, f"{piece.what.zh} {piece.what.en}")
            else:
                yield Leaf(piece.header[-64:], piece.text, 0, 0, Write.FIXED)
    except Exception:  # a library that gives up on foreign bytes must not take the worker along
        yield Opaque.BROKEN


def _binary(file: Attached) -> bool:
    return text_of(file.data, file.media) is None


def _named(file: Attached) -> str:
    """The file's name as readers want it: its end says what it is where its bytes do not."""
    name = file.name.rpartition("/")[2] or "file"
    end = ENDS.get(file.media, "")
    return name if "." in name or not end else name + end


def _why(path: str, what: str) -> Opaque:
    if path.lower().endswith(MEMBERS):
        return Opaque.MEDIA
    if any(word in what for word in _PASSWORD):
        return Opaque.ENCRYPTED
    if any(word in what for word in _LIMIT):
        return Opaque.BUDGET
    if "不能读取" in what:
        return Opaque.BINARY
    return Opaque.BROKEN
