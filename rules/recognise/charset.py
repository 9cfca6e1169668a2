"""Bytes and what they are said to be → text. Pure; any bytes give text, never an exception.

The order is the browsers' (WHATWG Encoding and HTML, "determining the character encoding"):
byte order mark, header, `<meta>`, XML declaration, then the content itself. A label is
believed only as far as the bytes bear it out, because a page that is labelled wrongly is
still read by its readers: UTF-8 that no legacy text could be, and Chinese under a label
that makes gibberish of it, are found by their content. Common path: one decode.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PRESCAN = 4096  # bytes in which a page may declare its encoding (browsers look at 1,024 or more)
SAMPLE = 400  # characters beyond ASCII that are looked at to see whether text is plausible
ENOUGH = 0.05  # share of everyday characters from which text is plausible; gibberish has 0.01
BELIEVED = 0.25  # share from which a legacy label is not doubted any more; Chinese has 0.4

_SPACE = " \t\r\n\f\"'"


class How(StrEnum):
    """What decided the encoding."""

    BOM = "bom"
    HEADER = "header"
    META = "meta"
    XML = "xml"
    CONTENT = "content"  # no label: the bytes themselves
    MENDED = "mended"  # a label that the bytes contradict
    MIXED = "mixed"  # pieces in two encodings
    DEFAULT = "default"  # nothing said, nothing recognised


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text, the encoding used (WHATWG name), and why this one."""

    text: str
    charset: str
    how: How


# WHATWG name: Python codec, labels. Names that browsers never decode (utf-7, utf-32, cesu-8,
# and the "replacement" group hz-gb-2312, iso-2022-cn, iso-2022-kr) are absent on purpose.
_TABLE: Final = """
utf-8: utf-8: unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 x-unicode20utf8
gb18030: gb18030: gbk chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk
big5: big5hkscs: big5-hkscs cn-big5 csbig5 x-x-big5
utf-16le: utf-16-le: csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16
utf-16be: utf-16-be: unicodefffe
shift_jis: cp932: csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis
euc-jp: euc_jp: cseucpkdfmtjapanese x-euc-jp
iso-2022-jp: iso2022_jp: csiso2022jp
euc-kr: cp949: cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 \
ksc_5601 windows-949
windows-1252: cp1252: ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 \
iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252 \
x-user-defined
windows-1250: cp1250: cp1250 x-cp1250
windows-1251: cp1251: cp1251 x-cp1251
windows-1253: cp1253: cp1253 x-cp1253
windows-1254: cp1254: cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 \
iso_8859-9:1989 l5 latin5 x-cp1254
windows-1255: cp1255: cp1255 x-cp1255
windows-1256: cp1256: cp1256 x-cp1256
windows-1257: cp1257: cp1257 x-cp1257
windows-1258: cp1258: cp1258 x-cp1258
windows-874: cp874: dos-874 iso-8859-11 iso8859-11 iso885911 tis-620
iso-8859-2: iso8859_2: csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 l2 latin2
iso-8859-3: iso8859_3: csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 l3 latin3
iso-8859-4: iso8859_4: csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 l4 latin4
iso-8859-5: iso8859_5: csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5
iso-8859-6: iso8859_6: arabic asmo-708 csisolatinarabic ecma-114 iso-ir-127 iso8859-6 iso88596
iso-8859-7: iso8859_7: csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7
iso-8859-8: iso8859_8: csisolatinhebrew hebrew iso-8859-8-i iso-ir-138 iso8859-8 logical visual
iso-8859-10: iso8859_10: csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso-8859-13: iso8859_13: iso8859-13 iso885913
iso-8859-14: iso8859_14: iso8859-14 iso885914
iso-8859-15: iso8859_15: csisolatin9 iso8859-15 iso885915 iso_8859-15 l9
iso-8859-16: iso8859_16: iso8859-16
ibm866: cp866: 866 cp866 csibm866
koi8-r: koi8_r: cskoi8r koi koi8 koi8_r
koi8-u: koi8_u: koi8-ru
macintosh: mac_roman: csmacintosh mac x-mac-roman
x-mac-cyrillic: mac_cyrillic: x-mac-ukrainian
"""


def _rows() -> list[tuple[str, str, list[str]]]:
    lines = (line.split(": ") for line in _TABLE.strip().split("\n"))
    return [(name, codec, labels.split()) for name, codec, labels in lines]


CODECS: Final = {name: codec for name, codec, _ in _rows()}
LABELS: Final = {label: name for name, _, labels in _rows() for label in (name, *labels)}

_COMMON: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日"
    "這個們來為國說時會對過發後裡經麼學現當沒動還進樣開從實網電點無體氣機關長問間見車門業東樂兒員員"
    "网电话信息加微平台下载注册免费最新手机点击首页新闻视频登录，。、：！？（）"
    "のにはをたがでてとしれさいるかなもまりすくンスルトアイラー"
    "이다는의에을가고하지도를은한기사어로자리인나그서아시"
)


def lookup(label: str) -> str:
    """The WHATWG name that a label stands for, "" where browsers know none."""
    return LABELS.get(label.strip(_SPACE).lower(), "")


def decode(body: bytes, declared: str = "", *, xml: bool = False) -> Decoded:
    """The text of `body`; an unfinished last character is left out.

    `declared` is the charset of the Content-Type header. `xml` says that the body is XML,
    where `<meta>` means nothing.
    """
    name, how, skip = _labelled(body, declared, xml)
    if skip:
        body = body[skip:]
    if name in ("", "utf-8"):
        try:
            text, _ = codecs.utf_8_decode(body, "strict", False)
        except UnicodeDecodeError:
            return _mended(body, name, how)
        if not name and "\0" in text[:SAMPLE] and (wide := _wide(body)):
            other = _plain(body, wide)
            if text.isascii() or plausible(other) >= max(ENOUGH, plausible(text)):
                return Decoded(text=other, charset=wide, how=How.CONTENT)
        return Decoded(text=text, charset="utf-8", how=how)
    return _legacy(body, name, how)


def _labelled(body: bytes, declared: str, xml: bool) -> tuple[str, How, int]:
    """(name or "", what said so, length of the byte order mark)."""
    if body[:3] == codecs.BOM_UTF8:
        return "utf-8", How.BOM, 3
    if body[:2] == codecs.BOM_UTF16_BE:
        return "utf-16be", How.BOM, 2
    if body[:2] == codecs.BOM_UTF16_LE:
        return "utf-16le", How.BOM, 2
    if declared and (name := lookup(declared)):
        return name, How.HEADER, 0
    head = body[:PRESCAN]
    name = "" if xml else _of_meta(head)
    if name:
        return name, How.META, 0
    if head.lstrip()[:5] == b"<?xml" and (found := _XML.match(head.lstrip())):
        name = lookup(found[1].decode("ascii", "replace"))
        return ("utf-8" if name.startswith("utf-16") else name), How.XML, 0
    return "", How.CONTENT, 0


_XML: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_META: Final = re.compile(
    rb"<meta[\s/][^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)


def _of_meta(head: bytes) -> str:
    if b"harset" not in head and b"HARSET" not in head.upper():
        return ""
    for found in _META.finditer(_COMMENT.sub(b"", head)):
        name = lookup(found[1].decode("ascii", "replace"))
        if name:  # a page that could be read to find this is not UTF-16
            return "utf-8" if name.startswith("utf-16") else name
    return ""


def _wide(body: bytes) -> str:
    """UTF-16 without a mark or label: the zero bytes of its ASCII stand on one side."""
    head = body[:512]
    odd, even = head[1::2].count(0), head[::2].count(0)
    if odd > 4 * even and odd > len(head) // 16:
        return "utf-16le"
    return "utf-16be" if even > 4 * odd and even > len(head) // 16 else ""


def _plain(body: bytes, name: str) -> str:
    """Decoded by one codec, what is invalid replaced, an unfinished end left out."""
    return codecs.getincrementaldecoder(CODECS[name])("replace").decode(body, False)


def plausible(text: str) -> float:
    """The share of everyday characters among those beyond ASCII (0 where there is none)."""
    some: list[str] = []
    for run in _BEYOND.finditer(text):
        some += run[0]
        if len(some) >= SAMPLE:
            break
    return sum(map(_COMMON.__contains__, some)) / len(some) if some else 0.0


_BEYOND: Final = re.compile(r"[^\x00-\x7f]{1,100}")
_ASIAN: Final = ("gb18030", "big5", "shift_jis", "euc-kr")


def _legacy(body: bytes, name: str, how: How) -> Decoded:
    """A label other than UTF-8: believed unless the bytes are better something else."""
    if name.startswith("utf-16"):
        return _utf16(body, name, how)
    if body.isascii() and not name.startswith("iso-2022"):
        return Decoded(text=body.decode("ascii"), charset=name, how=how)
    asian = name in _ASIAN or name == "euc-jp"
    if _is_utf8(body, 1 if asian else 0):
        text = _pieces(body, "utf-8", name) if asian else _plain(body, "utf-8")
        return Decoded(text=text, charset="utf-8", how=How.MENDED)
    text = _plain(body, name)
    score = plausible(text)
    if score >= BELIEVED or _few(body):
        return Decoded(text=text, charset=name, how=how)
    better = _best(body)
    if better is not None and better[0] >= max(ENOUGH, 2 * score):
        return Decoded(text=_pieces(body, name, better[1]), charset=better[1], how=How.MENDED)
    return Decoded(text=text, charset=name, how=how)


def _utf16(body: bytes, name: str, how: How) -> Decoded:
    """Markup in UTF-16 has zero bytes; text without any, that makes no sense, is something else."""
    text = _plain(body, name)
    if how is How.HEADER and len(body) > 64 and b"\0" not in body and plausible(text) < ENOUGH:
        if _is_utf8(body, 0):
            return Decoded(text=_plain(body, "utf-8"), charset="utf-8", how=How.MENDED)
        if (better := _best(body)) and better[0] >= ENOUGH:
            return Decoded(text=better[2], charset=better[1], how=How.MENDED)
    return Decoded(text=text, charset=name, how=how)


_HIGH: Final = re.compile(rb"[\x80-\xff]+")


def _few(body: bytes) -> bool:
    """Too little beyond ASCII to tell one encoding from another."""
    count = 0
    for run in _HIGH.finditer(body):
        count += len(run[0])
        if count >= 16:
            return False
    return True


_TRIPLE: Final = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")


def _is_utf8(body: bytes, triples: int) -> bool:
    """Valid UTF-8; two legacy characters may be that by chance, so some of three bytes."""
    try:
        codecs.utf_8_decode(body, "strict", False)
    except UnicodeDecodeError:
        return False
    return not triples or _TRIPLE.search(body) is not None


def _best(body: bytes) -> tuple[float, str, str] | None:
    """(plausibility, name, text) of the legacy encoding that makes most sense of the bytes."""
    found = []
    for name in _ASIAN:
        text = _plain(body, name)
        spoiled = text.count("�") / max(1, len(text) - body.count(b"<"))
        found.append((plausible(text) - 2 * spoiled, name, text))
    best = max(found, key=lambda item: item[0])
    return best if best[0] > 0 else None


def _mended(body: bytes, name: str, how: How) -> Decoded:
    """Said or taken to be UTF-8, and invalid as such."""
    if not name and (wide := _wide(body)):
        return Decoded(text=_plain(body, wide), charset=wide, how=How.CONTENT)
    text = _plain(body, "utf-8")
    beyond = sum(len(run[0]) for run in _BEYOND.finditer(text))
    broken = text.count("�")
    best = _best(body)
    if broken * 2 < beyond:  # mostly UTF-8: mend the rest piece by piece
        mixed = _pieces(body, "utf-8", best[1] if best else "gb18030")
        if mixed.count("�") < broken:
            return Decoded(text=mixed, charset="utf-8", how=How.MIXED)
        return Decoded(text=text, charset="utf-8", how=how)
    if best is not None and best[0] >= ENOUGH and not _few(body):
        mended = How.MENDED if name else How.CONTENT
        return Decoded(text=_pieces(body, "utf-8", best[1]), charset=best[1], how=mended)
    if name:
        return Decoded(text=text, charset=name, how=how)
    text = _plain(body, "gb18030")  # what a browser set to Chinese takes
    if "�" not in text:
        return Decoded(text=text, charset="gb18030", how=How.DEFAULT)
    return Decoded(text=_plain(body, "windows-1252"), charset="windows-1252", how=How.DEFAULT)


_PIECE: Final = re.compile(rb"[^\n<]*[\n<]?")


def _pieces(body: bytes, label: str, other: str) -> str:
    """Each stretch between tags or lines in whichever of two encodings makes more of it.

    Were one chosen for the whole page, a comment full of bytes in the other would be enough
    to make gibberish of what the browser, which believes the label, shows.
    """
    return "".join(
        piece.decode("ascii") if piece.isascii() else _piece(piece, label, other)
        for piece in _PIECE.findall(body)
    )


def _piece(piece: bytes, label: str, other: str) -> str:
    if label == "utf-8" and _is_utf8(piece, 1):
        return piece.decode("utf-8", "replace")
    labelled = piece.decode(CODECS[label], "replace")
    else_ = piece.decode(CODECS[other], "replace")
    if "\ufffd" in labelled and "\ufffd" not in else_:
        return else_
    return labelled if plausible(labelled) >= plausible(else_) else else_


class Stream:
    """The same encoding carried on over later chunks, correct where a character is cut."""

    def __init__(self, charset: str) -> None:
        codec = CODECS.get(charset, "utf-8")
        self._decoder = codecs.getincrementaldecoder(codec)("replace")

    def feed(self, chunk: bytes, *, last: bool = False) -> str:
        return self._decoder.decode(chunk, last)
