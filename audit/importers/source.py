"""The bytes of a foreign file, bounded: XML without a tree, JSON, and lines.

Entities are refused (defusedxml); one piece of XML, one line, one document may only be so large;
encodings are those that the formats use. What is wrong is said in one sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from audit.importers.model import RefusedError

MAX_XML = 1024 * 1024 * 1024
MAX_PIECE = 4 * 1024 * 1024  # of XML that cannot be passed on: a tag, a comment
MAX_JSON = 48 * 1024 * 1024
MAX_LINE = 256 * 1024
MAX_LINES = 2_000_000
MAX_DEPTH = 200
MAX_TEXT = 8 * 1024
CHUNK = 64 * 1024


class Taker(Protocol):
    """Who is told of elements: names without namespaces, outermost first."""

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None: ...
    def end(self, path: tuple[str, ...], text: str) -> None: ...


class _Target:
    """What expat tells, as paths and bounded texts."""

    def __init__(self, taker: Taker) -> None:
        self.taker = taker
        self.path: list[str] = []
        self.texts: list[list[str]] = []
        self.sizes: list[int] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self.path) >= MAX_DEPTH:
            raise RefusedError(f"XML 嵌套超过 {MAX_DEPTH} 层 / XML nests too deeply")
        self.path.append(_local(tag))
        self.texts.append([])
        self.sizes.append(0)
        self.taker.start(tuple(self.path), attributes)

    def end(self, tag: str) -> None:  # noqa: ARG002 - the parser's signature
        self.taker.end(tuple(self.path), "".join(self.texts.pop()).strip())
        self.sizes.pop()
        self.path.pop()

    def data(self, text: str) -> None:
        if self.texts and self.sizes[-1] < MAX_TEXT:
            self.texts[-1].append(text[: MAX_TEXT - self.sizes[-1]])
            self.sizes[-1] += len(text)

    def close(self) -> None:
        return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def walk(stream: BinaryIO, taker: Taker) -> None:
    """Tell the taker of every element. Raises RefusedError."""
    parser = DefusedXMLParser(
        target=_Target(taker), forbid_dtd=False, forbid_entities=True, forbid_external=True
    )
    fed = 0
    try:
        while chunk := stream.read(CHUNK):
            fed += len(chunk)
            parser.feed(chunk)
            if fed - max(0, parser.parser.CurrentByteIndex) > MAX_PIECE:
                raise RefusedError("XML 中有过大的一段 / one piece of the XML is too large")
            if fed > MAX_XML:
                raise RefusedError("XML 超过 1 GiB / the XML is larger than 1 GiB")
        parser.close()
    except DefusedXmlException as error:
        kind = type(error).__name__
        raise RefusedError(f"XML 声明了实体，拒绝 / the XML declares entities ({kind})") from error
    except ParseError as error:
        raise RefusedError(f"不是完整的 XML / no whole XML: {error}") from error
    except (LookupError, UnicodeError, ValueError) as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError(f"XML 的编码不对 / its encoding is wrong: {error}") from error


def document(stream: BinaryIO) -> Any:
    """One JSON document, or several one a line. Raises RefusedError."""
    data = stream.read(MAX_JSON + 1)
    if len(data) > MAX_JSON:
        raise RefusedError(f"JSON 超过 {MAX_JSON >> 20} MiB / the JSON is too large")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"不是 UTF-8 / not UTF-8 at byte {error.start}") from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise RefusedError("JSON 嵌套过深 / the JSON nests too deeply") from error
    except ValueError as error:
        lines = [one for one in text.splitlines() if one.strip()]
        if len(lines) > 1 and all(one.lstrip().startswith("{") for one in lines):
            try:
                return [json.loads(one) for one in lines]
            except (ValueError, RecursionError):
                pass
        raise RefusedError(f"不是 JSON / no JSON: {str(error)[:120]}") from error


def lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a text file. Raises RefusedError."""
    for number in range(1, MAX_LINES + 2):
        line = stream.readline(MAX_LINE + 1)
        if not line:
            return
        if len(line) > MAX_LINE:
            raise RefusedError(f"第 {number} 行过长 / line {number} is too long")
        if b"\0" in line:
            raise RefusedError(f"第 {number} 行不是文本 / line {number} is no text")
        yield line.decode("utf-8", "replace").rstrip("\r\n")
    raise RefusedError("行数过多 / too many lines")


def moment(value: object) -> float:
    """Unix seconds of a written time or number; 0 where it says nothing. Without a zone: UTC."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 < value < 1e11 else 0.0
    text = re.sub(r"(\.\d{6})\d+", r"\1", str(value or "").strip())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def mapping(value: object) -> Mapping[str, Any]:
    """The value, if it is a mapping; otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def records(value: object) -> Iterator[Mapping[str, Any]]:
    """The mappings of a list; whatever else stands in it is passed over."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, Mapping))


def word(value: object) -> str:
    """The text of a JSON value that should be one; empty for anything that is none."""
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""
