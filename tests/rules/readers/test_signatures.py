"""First bytes: what is no text, and texts that only begin like it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.signatures import Sort, sort_of


@pytest.mark.parametrize(
    ("head", "sort"),
    [
        (b"\x89PNG\r\n\x1a\n", Sort.PICTURE),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Sort.PICTURE),
        (b"GIF89a\x01\x00", Sort.PICTURE),
        (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00\x36", Sort.PICTURE),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", Sort.PICTURE),
        (b"\x00\x00\x00\x18ftypheic", Sort.PICTURE),
        (b"\x00\x00\x00\x18ftypmp42", Sort.SOUND),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", Sort.SOUND),
        (b"ID3\x03\x00", Sort.SOUND),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", Sort.PACKED),
        (b"Rar!\x1a\x07\x01\x00", Sort.PACKED),
        (b"BZh91AY&SY\x00", Sort.PACKED),
        (b"\x7fELF\x02\x01\x01" + bytes(9), Sort.PROGRAM),
        (b"MZ\x90\x00" + bytes(80), Sort.PROGRAM),
        (b"wOF2\x00\x01", Sort.FONT),
        (b"SQLite format 3\x00", Sort.DATABASE),
        (bytes(range(256)), Sort.OTHER),
    ],
)
def test_files_that_are_no_text(head: bytes, sort: Sort) -> None:
    assert sort_of(head) is sort


@pytest.mark.parametrize(
    "text",
    ["BMI指数与体重", "MZ-2026 型打印机" * 9, "RIFF raff", "ID3 决策树", "GIF8 是什么", "OTTO 同学",
     "", "手机\t13800000000\r\n", "\x1b[31m红\x1b[0m"
    ],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16", "utf-16-le"])
def test_texts_that_begin_like_them(text: str, codec: str) -> None:
    assert sort_of(text.encode(codec)) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    assert sort_of(data) is None or isinstance(sort_of(data), Sort)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=80))
def test_any_printable_text(text: str) -> None:
    for codec in ("utf-8", "gb18030"):
        assert sort_of(text.encode(codec)) in (None, *(set(Sort) - {Sort.OTHER}))


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_text_with_an_empty_byte(codec: str) -> None:
    assert sort_of("一个\x00空字节的文字".encode(codec)) is None
