"""Mail: headers, bodies in their encodings, attachments, any bytes."""

import io
from email.message import EmailMessage

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.files import stream_pieces
from rules.readers.mail import DEEP, LARGE
from rules.readers.model import Bounds, Piece, Unread


def letter() -> bytes:
    made = EmailMessage()
    made["From"] = "a@example.com"
    made["Subject"] = "家长手机13800000000"
    made.set_content("电话：13800000000\n", charset="gb18030")
    made.add_alternative("<p>住址：<b>人民路1号</b></p>", subtype="html")
    made.add_attachment("姓名,手机\n张小萌,138\n".encode(), maintype="text", subtype="csv",
                        filename="名单.csv")  # fmt: skip
    return made.as_bytes()


def read(data: bytes, bounds: Bounds | None = None) -> list[Piece | Unread]:
    return list(stream_pieces("m.eml", io.BytesIO(data), bounds or Bounds()))


def test_a_letter() -> None:
    got = read(letter())
    assert Piece("m.eml", "From", "a@example.com", 0) in got
    assert Piece("m.eml", "Subject", "家长手机13800000000", 0) in got
    assert any(isinstance(one, Piece) and one.text.startswith("电话：138") for one in got)
    assert any(isinstance(one, Piece) and "人民路1号" in one.text for one in got)
    assert Piece("m.eml/名单.csv", "手机", "138", 2) in got


def test_bounds() -> None:
    assert read(letter(), Bounds(whole=10)) == [Unread(path="m.eml", what=LARGE)]
    assert any(
        isinstance(one, Unread) and one.what == DEEP for one in read(letter(), Bounds(depth=0))
    )


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    read(data)
    read(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" + data)
