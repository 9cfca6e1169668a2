"""Files open whatever they are packed in, and a cut one never passes for a whole one."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.importers import streams
from rules.importers.streams import Lines, RefusedError, open_lines, open_tree

BODY = b"".join(b"host%d.example.com\n" % number for number in range(20_000))
PACKED = {
    "plain": BODY,
    "gzip": gzip.compress(BODY),
    "zstd": zstandard.compress(BODY),
    "zstd of two frames": zstandard.compress(BODY[:1800]) + zstandard.compress(BODY[1800:]),
}


def lines_of(path: Path) -> list[bytes]:
    with open_lines(path) as lines:
        return [line for _, line in lines.all() if line]


@pytest.mark.parametrize("case", PACKED)
def test_every_packing_gives_the_same_lines(case: str, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(PACKED[case])
    found = lines_of(path)
    assert len(found) == 20_000
    assert found[-1] == b"host19999.example.com"


@pytest.mark.parametrize("case", ["gzip", "zstd", "zstd of two frames"])
@pytest.mark.parametrize("keep", [0.3, 0.9, -1])
def test_a_cut_packing_is_refused(case: str, keep: float, tmp_path: Path) -> None:
    whole = PACKED[case]
    path = tmp_path / "list"
    path.write_bytes(whole[: -1 if keep == -1 else int(len(whole) * keep)])
    with pytest.raises(RefusedError, match="truncated"):
        lines_of(path)


@pytest.mark.parametrize("case", ["gzip", "zstd"])
def test_a_damaged_packing_is_refused(case: str, tmp_path: Path) -> None:
    broken = bytearray(PACKED[case])
    for at in range(20, len(broken), 50):
        broken[at] ^= 0xFF
    (tmp_path / "list").write_bytes(broken)
    with pytest.raises(RefusedError, match="damaged"):
        lines_of(tmp_path / "list")


def chunked(body: bytes) -> list[tuple[int, list[bytes], bool]]:
    return list(Lines("x", io.BytesIO(body)).chunks())


def test_line_ends_and_marks() -> None:
    assert chunked(b"") == []
    assert chunked(b"a\nb\n") == [(1, [b"a", b"b"], False)]
    assert chunked(b"a\r\nb\r\n") == [(1, [b"a", b"b"], False)]
    assert chunked(b"\xef\xbb\xbfa\nb") == [(1, [b"a"], False), (2, [b"b"], True)]
    assert chunked(b"\n\n") == [(1, [b"", b""], False)]


@given(
    st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"")))
)
@settings(max_examples=100, deadline=None)
def test_numbers_and_lines_survive_any_chunking(wanted: list[bytes]) -> None:
    body = b"".join(line + b"\n" for line in wanted)
    found = list(Lines("x", io.BytesIO(body)).all())
    if not body.startswith(b"\xef\xbb\xbf"):
        assert found == list(enumerate(wanted, 1))


def test_lines_over_block_borders_keep_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK", 7)
    found = list(Lines("x", io.BytesIO(b"aaaa\r\nbbbbbb\ncc\n\nddddddddddddd")).all())
    assert [line.rstrip(b"\r") for _, line in found] == [b"aaaa", b"bbbbbb", b"cc", b"", b"d" * 13]
    assert [number for number, _ in found] == [1, 2, 3, 4, 5]


def test_an_endless_line_is_cut_not_kept() -> None:
    found = list(Lines("x", io.BytesIO(b"a" * (3 << 20))).all())
    assert max(len(line) for _, line in found) <= streams.MAX_LINE + 1 + streams.BLOCK


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(streams, "MAX_BYTES", 2 << 20)
    (tmp_path / "bomb").write_bytes(gzip.compress(b"\n" * (8 << 20)))
    with pytest.raises(RefusedError, match="decompression"):
        lines_of(tmp_path / "bomb")


def archive(names: dict[str, bytes], link: tuple[str, str] | None = None) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as into:
        for name, body in names.items():
            item = tarfile.TarInfo(name)
            item.size = len(body)
            into.addfile(item, io.BytesIO(body))
        if link:
            item = tarfile.TarInfo(link[0])
            item.type, item.linkname = tarfile.SYMTYPE, link[1]
            into.addfile(item)
    return packed.getvalue()


def members_of(path: Path) -> list[tuple[str, list[bytes], str]]:
    with open_tree(path) as members:
        return [
            (str(one.path), [line for _, line in one.lines.all()] if one.lines else [], one.link)
            for one in members
        ]


TREE = {"b/one/domains": b"a.com\nb.com\n", "b/two/domains": b"c.com\n"}
WANTED = [
    ("b/one/domains", [b"a.com", b"b.com"], ""),
    ("b/two/domains", [b"c.com"], ""),
    ("b/alias", [], "one"),
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_archives(pack: object, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(pack(archive(TREE, ("b/alias", "one"))))  # type: ignore[operator]
    assert members_of(tmp_path / "t") == WANTED


def test_a_folder_reads_like_its_archive(tmp_path: Path) -> None:
    for name, body in TREE.items():
        path = tmp_path / "t" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (tmp_path / "t/b/alias").symlink_to("one")
    assert sorted(members_of(tmp_path / "t")) == sorted(WANTED)


@pytest.mark.parametrize("cut", [100, 512, 1024, 1536, 1800])
def test_a_cut_archive_is_refused(cut: int, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(archive(TREE)[:cut])
    with pytest.raises(RefusedError, match="truncated"):
        members_of(tmp_path / "t")


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"not an archive\n" * 100)
    with pytest.raises(RefusedError):
        members_of(tmp_path / "t")
