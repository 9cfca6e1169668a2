"""The table of tricks: `rules/evasions/*.yaml`, a file a family, a row a trick. A door to files.

A row says what the trick is, how it is recognised, what is done, how sure the source is, and
carries shots: what must be caught and what must pass. `wire` names the driver that fires the
shots at a running gateway over real sockets (tests/wire/test_evasions.py), so no row stands
here that was not tried; docs/evasions.md is made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rules.load import load_folder
from rules.model import Status, Text

HERE = Path(__file__).parent / "evasions"


class Wire(StrEnum):
    """How a shot is fired."""

    REQUEST = "request"  # a request to the proxy in plain HTTP
    SECURE = "secure"  # CONNECT, TLS, and a request inside
    RAW = "raw"  # bytes to the proxy
    TUNNEL = "tunnel"  # CONNECT, and bytes inside
    HELLO = "hello"  # CONNECT, and a ClientHello inside
    PAGE = "page"  # what an origin answers
    FOLLOW = "follow"  # what an origin answers, and then what it leads to
    HEADER = "header"  # a response header that may not arrive
    SOCKET = "socket"  # a WebSocket and its first message
    NAME = "name"  # a DNS query
    ROUTER = "router"  # a datagram through the nftables rules of deploy/


class Deed(StrEnum):
    """What happens to it."""

    BLOCK = "block"  # refused for being what it is
    JUDGE = "judge"  # judged as what it really is
    STRIP = "strip"  # taken out of what passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One attempt; which fields matter depends on the driver.

    `url` is host and path, without scheme; the driver puts the port of a test origin where
    `{port}` stands, else behind the host. `send` is text whose `\\r\\n` are written out, or
    `hex` bytes. `says` is the Content-Encoding a page claims, `codings` what was done to it,
    in order. `name` and `type` are a DNS question.
    """

    url: str = ""
    method: str = "GET"
    headers: tuple[str, ...] = ()
    body: str = ""
    connect: str = ""
    sni: str = ""
    host: str = ""
    port: int = 0
    alpn: tuple[str, ...] = ()
    ech: bool = False
    send: str = ""
    hex: str = ""
    media: str = "text/html; charset=utf-8"
    charset: str = "utf-8"
    codings: tuple[str, ...] = ()
    says: str = ""
    cut: int = 0
    leads: str = ""
    header: str = ""
    name: str = ""
    type: str = "A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trick."""

    id: str
    title: Text
    how: Text
    deed: Deed
    wire: Wire
    catch: tuple[Shot, ...]
    let: tuple[Shot, ...]
    source: str
    status: Status = Status.UNVERIFIED
    limits: Text | None = None

    def __post_init__(self) -> None:
        if not self.catch or not self.let:
            raise ValueError("a row needs what must be caught (`catch`) and what must pass (`let`)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Tricks of one kind: rules/evasions/<id>.yaml."""

    id: str
    title: Text
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        ids = [row.id for row in self.rows]
        if len(set(ids)) != len(ids):
            raise ValueError("two rows have the same id")


def load_evasions(folder: Path = HERE) -> dict[str, Family]:
    """Every family, by id. Raises DataError with every problem of every file."""
    return load_folder(Family, folder)
