"""What a file is that is no text, by its first bytes. Pure.

Signatures as the formats' own documents give them (PNG: RFC 2083 §3.1; GIF89a; RIFF; ISO
14496-12 §4.3 `ftyp`; ELF; PE; OpenType; SQLite §1.3 …). A short one (`BM`, `MZ`) needs a
second sign: a text may begin with its letters.
"""

from __future__ import annotations

import re
from enum import Enum

from rules.model import Text


class Sort(Enum):
    """What a file without text of its own holds; the value is what is said of it."""

    PICTURE = Text(
        zh="图片：其中的文字没有读取", en="a picture: the characters in it were not read"
    )
    SOUND = Text(zh="音视频：没有读取", en="sound or film: not read")
    PACKED = Text(zh="不支持的压缩格式：没有读取", en="packed in a way that is not read")
    PROGRAM = Text(zh="程序或字节码：没有读取", en="a program or byte code: not read")
    FONT = Text(zh="字体：没有读取", en="a font: not read")
    DATABASE = Text(
        zh="数据库文件：请用 data discover 检查",
        en="a database file: `data discover` reads it",
    )
    OTHER = Text(zh="二进制文件：没有读取", en="a binary file: not read")


_SIGNS: tuple[tuple[Sort, str], ...] = (
    (Sort.PICTURE, r"\x89PNG|\xff\xd8\xff|GIF8[79]a|BM.{4}\x00{4}|RIFF.{4}WEBP|II\*\x00|MM\x00\*"
                   r"|\x00\x00[\x01\x02]\x00|8BPS\x00|\x00{3}.ftyp(?:heic|heix|mif1|avif)"
                   r"|\x00{3}\x0cjP|gimp xcf|AT&TFORM"),
    (Sort.SOUND, r"RIFF.{4}(?:WAVE|AVI )|OggS\x00|ID3[\x02-\x04]|\xff[\xfb\xf3\xf2\xfa]|fLaC\x00"
                 r"|\x1aE\xdf\xa3|\x00{2}..ftyp|FLV\x01|\x00\x00\x01[\xba\xb3]|#!AMR|MThd\x00"),
    (Sort.PACKED, r"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\xfd7zXZ\x00|BZh[1-9]1AY&SY|\x28\xb5\x2f\xfd"
                  r"|MSCF\x00|\x04\x22M\x18|.{257}ustar"),
    (Sort.PROGRAM, r"\x7fELF|MZ.{58}|\xca\xfe\xba\xbe|\x00asm|dex\n0|[\xce\xcf]\xfa\xed\xfe"),
    (Sort.FONT, r"\x00\x01\x00\x00\x00.|OTTO\x00|wOF[F2]|ttcf\x00"),
    (Sort.DATABASE, r"SQLite format 3\x00|\x00\x01\x00\x00Standard (?:Jet|ACE) DB"),
)  # fmt: skip
_SHAPES = tuple((sort, re.compile(one.encode("latin-1"), re.DOTALL)) for sort, one in _SIGNS)
_CONTROL = bytes(code for code in range(32) if code not in (7, 8, 9, 10, 11, 12, 13, 27))
MOST_CONTROL = 0.02  # share of the first bytes; texts of every encoding have next to none
HEAD = 4096  # bytes that are looked at


def sort_of(data: bytes) -> Sort | None:
    """What bytes are that are no text; None for what may be one. Only the first count."""
    head = data[:HEAD]
    for sort, shape in _SHAPES:
        if shape.match(head) is not None and (sort is not Sort.PROGRAM or _odd(head)):
            return sort
    return Sort.OTHER if _odd(head) and not _utf16(head) else None


def _odd(head: bytes) -> bool:
    """More signs that no text holds than a text has by accident."""
    odd = len(head) - len(head.translate(None, _CONTROL))
    return odd > 2 and odd > MOST_CONTROL * len(head)


def _utf16(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) * 4 > len(head) // 2 and min(even, odd) * 20 < max(even, odd)
