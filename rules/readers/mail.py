"""Mail (RFC 5322, `.eml`): addresses, subject, text parts; attachments are read as files."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import BinaryIO

from selectolax.lexbor import LexborHTMLParser

from rules.model import Text
from rules.readers.model import Bounds, Piece, Unread
from rules.recognise.charset import decode

BROKEN = Text(zh="邮件已损坏，未能读取", en="a damaged mail, not read")
LARGE = Text(zh="邮件过大，未读取", en="a mail too large, not read")
DEEP = Text(zh="附件嵌套过深，未读取", en="attachments nested too deeply, not read")
Inner = Callable[[str, BinaryIO, Bounds, int], Iterator[Piece | Unread]]


def mail_pieces(
    path: str, stream: BinaryIO, bounds: Bounds, inner: Inner, depth: int
) -> Iterator[Piece | Unread]:
    """Headers, bodies, attachments (`inner` reads those)."""
    data = stream.read(bounds.whole + 1)
    if len(data) > bounds.whole:
        yield Unread(path=path, what=LARGE)
        return
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        pieces = list(_headers(path, message))
        parts = [part for part in message.walk() if not part.is_multipart()]
    except Exception:  # a reader of foreign bytes; nothing of them is quoted
        yield Unread(path=path, what=BROKEN)
        return
    yield from pieces
    for number, part in enumerate(parts[: bounds.members], 1):
        try:
            body = part.get_payload(decode=True)
            name = part.get_filename() or ""
            kind, charset = part.get_content_type(), part.get_content_charset("")
        except Exception:  # one part; the others are read
            yield Unread(path=f"{path}#{number}", what=BROKEN)
            continue
        if not isinstance(body, bytes):
            continue
        if name:
            if depth <= 0:
                yield Unread(path=f"{path}/{name}", what=DEEP)
            else:
                yield from inner(f"{path}/{name}", io.BytesIO(body), bounds, depth - 1)
        elif kind.startswith("text/"):
            text = decode(body, charset).text
            if kind == "text/html":
                root = LexborHTMLParser(text).body
                text = root.text(separator="\n") if root is not None else ""
            for start in range(0, len(text), bounds.cell):
                yield Piece(path, "", text[start : start + bounds.cell], number)


def _headers(path: str, message: EmailMessage) -> Iterator[Piece]:
    for name in ("From", "To", "Cc", "Bcc", "Reply-To", "Subject"):
        for value in message.get_all(name, []):
            yield Piece(path, name, str(value)[:100_000])
