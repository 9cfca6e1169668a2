"""A body is what its bytes say; what cannot be read is an Opaque, never nothing."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.parts import is_media, parts, query_part, text_of
from tests.gateway.outflow.bodies import NUMBER


def texts(body: bytes, media: str, path: str = "") -> list[str]:
    return [leaf.text for part in parts(body, media, path) for leaf in part.leaves]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (json.dumps({"a": NUMBER}).encode(), "application/json"),
        (json.dumps({"a": NUMBER}).encode(), ""),
        (json.dumps({"a": NUMBER}).encode(), "text/plain"),
        (f"x=1&a={NUMBER}".encode(), "application/x-www-form-urlencoded"),
        (f"x=1&a={NUMBER}".encode(), "text/plain"),
        (f'{{"a":"{NUMBER}"}}\n{{"a":"x"}}\n'.encode(), "application/x-ndjson"),
        (b"\x00\x00\x00\x00\x1e" + json.dumps({"a": NUMBER}).encode(), "application/connect+json"),
        (f"号码 {NUMBER}".encode("gb18030"), "text/plain; charset=gbk"),
        (f"号码 {NUMBER}".encode("utf-16"), "text/plain"),
    ],
)
def test_the_number_is_in_a_leaf(body: bytes, media: str) -> None:
    assert any(NUMBER in text for text in texts(body, media))


def test_multipart_with_fields_files_and_parts_within() -> None:
    inner = f'--B\r\nContent-Disposition: form-data; name="c"\r\n\r\n{NUMBER}\r\n--B--\r\n'
    coded = base64.b64encode(NUMBER.encode()).decode()
    body = (
        f'--A\r\nContent-Disposition: form-data; name="idcard"\r\n\r\n{NUMBER}\r\n'
        f'--A\r\nContent-Disposition: form-data; name="f"; filename="名单.csv"\r\n\r\nx,y\r\n'
        f"--A\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n{inner}\r\n"
        f"--A\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n--A--\r\n"
    ).encode()
    found = parts(body, "multipart/form-data; boundary=A")
    leaves = [leaf for part in found for leaf in part.leaves]
    assert [(one.header, one.text) for one in leaves if NUMBER in one.text] == [
        ("idcard", NUMBER), ("c", NUMBER)
    ]  # fmt: skip
    assert [file.name for part in found for file in part.files] == ["名单.csv", ""]
    assert [file.data for part in found for file in part.files][1] == NUMBER.encode()


def test_a_lie_about_the_boundary_is_read_as_what_it_is() -> None:
    assert NUMBER in texts(f"a={NUMBER}".encode(), "multipart/form-data; boundary=ZZ")[0]


def test_files_and_media() -> None:
    (part,) = parts(b"a,b\n1,2\n", "", "/drive/list.csv?x")
    assert part.files[0].name == "list.csv"
    assert is_media(b"\x89PNG\r\n")
    assert is_media(b"\x00\x00\x00\x18ftypmp42")
    assert text_of(b"\x00\x01\x02\x03" * 50, "") is None
    assert parts(b"  \n", "application/json")[0].leaves == ()


def test_the_query_has_its_place() -> None:
    path = f"/s?q={NUMBER}&z=1"
    part = query_part(path)
    leaf = part.leaves[0]
    assert path.encode()[part.start : part.end].decode()[leaf.low : leaf.high] == NUMBER


MEDIA = st.sampled_from(
    ["", "application/json", "application/x-www-form-urlencoded", "text/plain",
     "multipart/form-data; boundary=A", "multipart/mixed; boundary=", "application/connect+json"]
)  # fmt: skip
BODY = st.binary(max_size=300) | st.lists(
    st.sampled_from([b"--A", b"\r\n", b"\r\n\r\n", b"--", b'name="a"', b'filename*="b"', b"{", b'"',
                     b"Content-Transfer-Encoding: base64", b"=", b"&", b"%", b"x"]), max_size=30
).map(b"".join)  # fmt: skip


@given(BODY, MEDIA)
@settings(max_examples=250, deadline=None)
def test_any_body_has_parts_within_it(body: bytes, media: str) -> None:
    for part in parts(body, media):
        assert 0 <= part.start <= part.end <= len(body)
        if part.codec:
            assert part.doc.encode(part.codec) == body[part.start : part.end]
        for leaf in part.leaves:
            assert 0 <= leaf.low <= leaf.high
