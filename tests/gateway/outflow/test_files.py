"""Files in bodies: tables, documents, archives; what is behind a password or broken is said."""

from __future__ import annotations

import io
import zipfile

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.files import file_leaves
from gateway.outflow.model import Attached, Leaf
from rules.recognise.personal.carried import Opaque
from tests.gateway.outflow.bodies import NUMBER


def read(name: str, data: bytes, media: str = "", *, late: bool = False) -> tuple[str, set[Opaque]]:
    found = list(file_leaves(Attached(name, media, data), lambda: late))
    text = " ".join(one.text for one in found if isinstance(one, Leaf))
    return text, {one for one in found if isinstance(one, Opaque)}


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return held.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["身份证号"])
    book.worksheets[0].append([NUMBER])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_tables_and_archives() -> None:
    csv = f"姓名,身份证号\n甲,{NUMBER}\n".encode()
    for name, data in (("a.csv", csv), ("a.xlsx", workbook()), ("a.zip", zipped(b_csv=csv)),
                       ("a", csv)):  # fmt: skip
        text, opaque = read(name, data, "text/csv" if name == "a" else "")
        assert NUMBER in text, name
        assert not opaque, name


def test_what_can_not_be_read_is_said() -> None:
    locked = bytearray(zipped(b_csv=b"x" * 50))
    locked[6] |= 1  # the flag of encryption, in both heads
    locked[locked.rfind(b"PK\x01\x02") + 8] |= 1
    assert read("a.zip", bytes(locked))[1] == {Opaque.ENCRYPTED}
    assert read("a.png", b"\x89PNG\r\n\x1a\n")[1] == {Opaque.MEDIA}
    picture = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))
    assert read("a.zip", zipped(c_png=picture)) == ("", {Opaque.MEDIA})
    assert read("a.xlsx", workbook()[:-200])[1]
    text, opaque = read("a.bin", b"\x00\x01\x02" * 40 + NUMBER.encode())
    assert NUMBER in text
    assert opaque == {Opaque.BINARY}
    assert read("a.csv", b"a,b\n1,2\n", late=True)[1] == {Opaque.BUDGET}
    assert read("a.csv", b"  ") == ("", set())


NAMES = ["a.zip", "a.xlsx", "a.pdf", "a.csv", "a.eml", ""]


HEADS = [b"", b"PK\x03\x04", b"%PDF-1.4\n", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"]


@given(st.binary(max_size=200), st.sampled_from(NAMES), st.sampled_from(HEADS))
@settings(max_examples=60, deadline=None)
def test_any_bytes(data: bytes, name: str, head: bytes) -> None:
    for one in file_leaves(Attached(name, "", head + data), lambda: False):
        assert isinstance(one, Leaf | Opaque)
