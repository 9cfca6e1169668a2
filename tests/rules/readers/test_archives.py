"""Archives: members as files; bombs, depth, damage, names in GB18030."""

import gzip
import io
import zipfile

import pytest

from rules.readers.archives import BOMB, BROKEN, DEEP, LOCKED, MANY
from rules.readers.files import stream_pieces
from rules.readers.model import Bounds, Piece, Unread

CSV = "姓名,手机\n张小萌,13800000000\n".encode()


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name.replace("_", "."), data)
    return out.getvalue()


def read(data: bytes, name: str = "a.zip", bounds: Bounds | None = None) -> list[Piece | Unread]:
    return list(stream_pieces(name, io.BytesIO(data), bounds or Bounds()))


def problems(got: list[Piece | Unread]) -> list[object]:
    return [one.what for one in got if isinstance(one, Unread)]


def test_members_are_files() -> None:
    got = read(packed(a_csv=CSV, b_zip=packed(c_csv=CSV)))
    assert Piece("a.zip/a.csv", "手机", "13800000000", 2) in got
    assert Piece("a.zip/b.zip/c.csv", "手机", "13800000000", 2) in got
    assert Piece("a.csv", "手机", "13800000000", 2) in read(gzip.compress(CSV), "a.csv.gz")


def test_bombs() -> None:
    zeros = b"\0" * 12_000_000
    assert problems(read(packed(a_csv=zeros), bounds=Bounds(ratio=2))) == [BOMB]
    assert problems(read(gzip.compress(zeros), "a.gz", Bounds(ratio=2))) == [BOMB]
    assert problems(read(packed(a_csv=CSV, b_csv=CSV), bounds=Bounds(unpacked=40))) == [BOMB]
    assert problems(read(packed(a_csv=CSV, b_csv=CSV), bounds=Bounds(members=1))) == [MANY]
    deep = packed(a_csv=CSV)
    for _ in range(4):
        deep = packed(a_zip=deep)
    assert problems(read(deep)) == [DEEP]
    assert problems(read(gzip.compress(CSV), "a.gz", Bounds(depth=0))) == [DEEP]


def test_names_of_old_archives() -> None:
    data = packed(aaaa_csv=CSV).replace(b"aaaa", "名单".encode("gb18030"))
    assert {one.path for one in read(data)} == {"a.zip/名单.csv"}


@pytest.mark.parametrize("cut", [10, 40, -30])
def test_damage(cut: int) -> None:
    assert problems(read(packed(a_csv=CSV)[:cut])) == [BROKEN]
    assert problems(read(gzip.compress(CSV)[:12], "a.gz")) == [BROKEN]


def test_passwords() -> None:
    data = bytearray(packed(a_csv=CSV))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert problems(read(bytes(data))) == [LOCKED]
