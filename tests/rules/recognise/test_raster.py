"""Raster images: every format, every lie a header can tell, and nothing allocated for it."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rules.recognise.raster import Header, Refusal, blurred, frames, header
from tests.images import BLUE, RED, animation, claims, picture

MOST = 25_000_000
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
PICTURES = {kind: picture(RED, kind) for kind in KINDS}


def look(data: bytes, most_pixels: int = MOST) -> list[tuple[int, int, int]] | Refusal:
    """The mean colour of each frame."""
    found = frames(data, 32, 24, most_pixels=most_pixels)
    if isinstance(found, Refusal):
        return found
    means = [frame.mean(axis=(0, 1)).round().astype(int) for frame in found]
    assert all(frame.shape == (24, 32, 3) for frame in found)
    return [(int(r), int(g), int(b)) for r, g, b in means]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_measured_and_read(kind: str) -> None:
    assert header(PICTURES[kind]) == Header(format=kind, width=200, height=120)
    found = look(PICTURES[kind])
    assert not isinstance(found, Refusal)
    red, green, blue = found[0]
    assert red > 200
    assert green < 60
    assert blue < 60


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_in_its_three_forms(lossless: bool, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (333, 77)).save(out, "WEBP", lossless=lossless)
    assert header(out.getvalue()) == Header(format="WEBP", width=333, height=77)


def test_what_is_transparent_is_white() -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(clear, "PNG")
    assert look(clear.getvalue()) == [(255, 255, 255)]


def test_an_animation_is_looked_at_from_its_beginning_and_not_to_its_end() -> None:
    found = look(animation(400, RED, at=2))
    assert not isinstance(found, Refusal)
    assert len(found) == 4
    assert found[2][0] > 200
    assert found[1][2] > 180
    single = look(animation(1))
    assert not isinstance(single, Refusal)
    assert len(single) == 1


LIES = {
    "65,535 squared": (claims(65_535, 65_535), Refusal.TOO_LARGE),
    "two thousand million wide": (claims(2**31 - 1, 1), Refusal.UNKNOWN),
    "no size": (claims(0, 10), Refusal.UNKNOWN),
    "little data": (claims(4000, 4000), Refusal.BROKEN),
    "truncated jpeg": (PICTURES["JPEG"][:600], Refusal.BROKEN),
    "truncated png": (PICTURES["PNG"][:200], Refusal.BROKEN),
    "truncated webp": (PICTURES["WEBP"][:60], Refusal.BROKEN),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Refusal.UNKNOWN),
    "text": (b"hello", Refusal.UNKNOWN),
    "nothing": (b"", Refusal.UNKNOWN),
    "jpeg head, gif body": (b"\xff\xd8\xff\xe0\x00\x04GIF89a", Refusal.UNKNOWN),
    "eps, which pillow would give to a program": (b"%!PS-Adobe-3.0 EPSF-3.0\n", Refusal.UNKNOWN),
    "endless jpeg segments": (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 9999, Refusal.UNKNOWN),
}


@pytest.mark.parametrize(("data", "why"), LIES.values(), ids=LIES)
def test_what_cannot_be_looked_at_is_said(data: bytes, why: Refusal) -> None:
    assert look(data) is why
    assert isinstance(blurred(data, most_pixels=MOST), Refusal)


def test_a_polyglot_is_what_its_header_says() -> None:
    found = look(PICTURES["GIF"] + b"<script>alert(1)</script>")
    assert not isinstance(found, Refusal)
    assert found[0][0] > 200


@pytest.mark.parametrize("read", [look, lambda data: blurred(data, most_pixels=MOST)])
def test_a_bomb_allocates_nothing(read: Callable[[bytes], object]) -> None:
    bomb = claims(65_535, 65_535)
    read(PICTURES["PNG"])
    tracemalloc.start()
    read(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_blurring_leaves_a_few_squares(kind: str) -> None:
    noise = picture(BLUE, kind, (1200, 600))
    found = blurred(noise, most_pixels=MOST)
    assert isinstance(found, bytes)
    with Image.open(io.BytesIO(found)) as seen:
        assert seen.format == "JPEG"
        assert seen.size == (640, 320)
        squares = seen.convert("L").resize((14, 7))
        assert len(set(squares.get_flattened_data())) < 40
    assert blurred(noise, most_pixels=1000) is Refusal.TOO_LARGE


def test_a_line_of_pixels_is_no_trouble() -> None:
    assert isinstance(blurred(picture(RED, "PNG", (3000, 1)), most_pixels=MOST), bytes)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.integers(0, 4000),
)
def test_damaged_images_are_read_or_refused(
    kind: str, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(PICTURES[kind][: length or None])
    for at, value in changes:
        if at < len(data):
            data[at] = value
    look(bytes(data), most_pixels=200_000)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"GIF89a", b"RIFF0000WEBPVP8X", b"BM", b"\x89PNG"]),
    st.binary(max_size=80),
)
def test_any_header_is_survived(start: bytes, rest: bytes) -> None:
    found = header(start + rest)
    assert found is None or found.pixels > 0
