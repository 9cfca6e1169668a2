"""Any file: by its content before its name; any bytes under any name end in values."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.files import BY_NAME, UNKNOWN, open_pieces, stream_pieces
from rules.readers.model import Piece, Unread

NAMES = [f"x{end}" for end in (*BY_NAME, ".zip", ".gz", ".eml", ".txt", "")]
HEADS = [
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"%PDF-1.4\n",
    b"PAR1",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(HEADS), st.binary(max_size=120))
def test_any_bytes_under_any_name(name: str, head: bytes, data: bytes) -> None:
    for one in stream_pieces(name, io.BytesIO(head + data)):
        assert isinstance(one, Piece | Unread)


@pytest.mark.parametrize(
    ("name", "data", "kinds"),
    [
        ("a.txt", "手机13800000000".encode(), [Piece]),
        ("a.log", b"x\n", [Piece]),
        ("a.bin", bytes(range(256)) * 4 + b"\0" * 900, [Unread]),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1zz", [Unread]),
        ("a.txt", "手机".encode("utf-16"), [Piece]),
        ("a.txt", "手机13800000000".encode("utf-16-le"), [Piece]),
        ("a.txt", "手机".encode("gb18030"), [Piece]),
    ],
)
def test_by_content(tmp_path: Path, name: str, data: bytes, kinds: list[type]) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    got = list(open_pieces(path))
    assert [type(one) for one in got] == kinds
    assert all(one.what == UNKNOWN for one in got if isinstance(one, Unread))


def test_a_missing_file_is_the_worlds_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(open_pieces(tmp_path / "none"))


PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(200))


@pytest.mark.parametrize("name", ["a.png", "a.csv", "a.txt", "a", "a.json"])
def test_a_picture_is_told_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PNG)
    (one,) = open_pieces(tmp_path / name)
    assert isinstance(one, Unread)
    assert one.fatal
    assert "图片" in one.what.zh


def test_a_picture_and_a_program_in_an_archive_are_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("照片.png", PNG)
        file.writestr("x.so", b"\x7fELF\x02\x01\x01" + bytes(200))
        file.writestr("名单.txt", "手机13800000000")
    got = list(open_pieces(tmp_path / "a.zip"))
    assert [type(one) for one in got] == [Unread, Unread, Piece]
