"""A raster image's bytes → small pixels, and back, blurred. Pillow does the decoding; we say what.

The format and size are read from the header by our own few lines first: only the decoder of
that one format is ever asked, and only where the size fits the budget, so that a header that
claims 65,535 × 65,535 pixels allocates nothing. SVG is no raster and goes the way of text.
Pure; whatever cannot be looked at is a Refusal, never a pass.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

type Pixels = np.ndarray[Any, np.dtype[np.uint8]]

FRAMES = 4  # of an animation that are looked at, from its beginning
SIDE = 65_536  # pixels: a header that claims more is not believed
BLOCKS = 14  # squares on the longer side of a blurred picture
SHOWN = 640  # pixels of the longer side of a blurred picture


class Refusal(StrEnum):
    """Why an image was not looked at."""

    UNKNOWN = "unknown"  # no raster format that we read
    TOO_LARGE = "too-large"  # bytes or pixels beyond the budget
    BROKEN = "broken"  # the decoder gives up
    TOO_SLOW = "too-slow"  # time or queue beyond the budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an image's first bytes say of it. `format` is Pillow's name of it."""

    format: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def header(data: bytes) -> Header | None:
    """Format and size of a raster image; None where it is none that we read. Total."""
    try:
        found = _header(data)
    except (struct.error, IndexError):
        return None
    if found is None or not (0 < found.width <= SIDE and 0 < found.height <= SIDE):
        return None
    return found


def _header(data: bytes) -> Header | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        width, height = struct.unpack_from(">II", data, 16)
        return Header(format="PNG", width=width, height=height)
    if data[:3] == b"\xff\xd8\xff":
        return _jpeg(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack_from("<HH", data, 6)
        return Header(format="GIF", width=width, height=height)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:2] == b"BM" and struct.unpack_from("<I", data, 14)[0] >= 40:
        width, height = struct.unpack_from("<ii", data, 18)
        return Header(format="BMP", width=width, height=abs(height))
    return None


def _jpeg(data: bytes) -> Header | None:
    """The size in the first start-of-frame segment (ITU-T T.81 annex B)."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Header(format="JPEG", width=width, height=height)
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        elif marker in (0xD9, 0xDA):
            return None
        else:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _webp(data: bytes) -> Header | None:
    """RFC 9649 section 2: lossy, lossless, extended."""
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return Header(format="WEBP", width=width, height=height)


def frames(
    data: bytes,
    width: int,
    height: int,
    *,
    most_pixels: int,
    most: int = FRAMES,
    crop: float = 1.0,
) -> list[Pixels] | Refusal:
    """The first frames as height × width × 3 bytes (RGB, on white), or why there are none.

    `crop` is the part of each side, from the middle, that is looked at.
    """
    found = header(data)
    if found is None:
        return Refusal.UNKNOWN
    if found.pixels > most_pixels:
        return Refusal.TOO_LARGE
    made: list[Pixels] = []
    try:
        for image in _opened(data, found, (width, height), most):
            flat = _flat(image)
            edge = (1 - crop) / 2
            box = (
                *(flat.width * edge, flat.height * edge),
                *(flat.width * (1 - edge), flat.height * (1 - edge)),
            )
            small = flat.resize((width, height), _bilinear(), box=box, reducing_gap=2.0)
            made.append(np.asarray(small, dtype=np.uint8))
    except _TROUBLE:
        return Refusal.BROKEN
    return made or Refusal.BROKEN


def blurred(data: bytes, *, most_pixels: int) -> bytes | Refusal:
    """The first frame in a few large squares, as JPEG, in the proportions of the original."""
    found = header(data)
    if found is None:
        return Refusal.UNKNOWN
    if found.pixels > most_pixels:
        return Refusal.TOO_LARGE
    longest = max(found.width, found.height)
    shown = min(1.0, SHOWN / longest)
    squares = BLOCKS / longest
    few = (max(1, round(found.width * squares)), max(1, round(found.height * squares)))
    size = (max(1, round(found.width * shown)), max(1, round(found.height * shown)))
    out = io.BytesIO()
    try:
        (image,) = _opened(data, found, few, 1)
        small = _flat(image).resize(few, _bilinear(), reducing_gap=2.0)
        small.resize(size, _nearest()).save(out, "JPEG", quality=70)
    except _TROUBLE:
        return Refusal.BROKEN
    return out.getvalue()


_TROUBLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError, IndexError)
"""What Pillow's decoders raise on bytes that are not what they claim."""


def _opened(data: bytes, found: Header, size: tuple[int, int], most: int) -> Iterator[Image]:
    """The first frames, decoded by the one decoder of this format; JPEG at a reduced scale."""
    from PIL import Image, ImageFile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image: ImageFile.ImageFile = Image.open(io.BytesIO(data), formats=(found.format,))
    if (image.width, image.height) != (found.width, found.height):
        raise ValueError("the decoder sees another size than the header says")
    image.draft("RGB", size)
    for number in range(most):
        if number:
            try:
                image.seek(number)
            except EOFError:
                return
        image.load()
        yield image


def _flat(image: Image) -> Image:
    """RGB on white: what is transparent shows the page behind it."""
    if image.mode == "RGB":
        return image
    if image.mode not in ("RGBA", "LA", "PA", "La") and "transparency" not in image.info:
        return image.convert("RGB")
    import PIL.Image

    seen = image.convert("RGBA")
    ground = PIL.Image.new("RGBA", seen.size, (255, 255, 255, 255))
    return PIL.Image.alpha_composite(ground, seen).convert("RGB")


def _bilinear() -> Any:
    from PIL.Image import Resampling

    return Resampling.BILINEAR


def _nearest() -> Any:
    from PIL.Image import Resampling

    return Resampling.NEAREST
