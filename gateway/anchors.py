"""Anchors: the chain's newest digest, told to places the database's owner cannot rewrite.

`file:FOLDER` appends a line, `syslog:` and `syslog:HOST:PORT` send one, an `https:`
or `http:` URL is posted to (another node, an archive). A place that fails is tried
again with the next digest. This module is a door: files and sockets.
"""

from __future__ import annotations

import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from gateway.ledger import Checkpoint, anchor_line
from gateway.node import Address
from rules.load import WorldError

SLOWEST = 5.0  # seconds for one place
_SYSLOG = 13 * 8 + 5  # facility "log audit", severity notice (RFC 5424 section 6.2.1)


def place(text: str) -> Callable[[Checkpoint], None]:
    """The function that tells one place; it raises OSError. Raises ValueError for no place."""
    kind, _, rest = text.partition(":")
    make = _PLACES.get(kind)
    if make is None:
        raise ValueError(f"`{text}` is not file:FOLDER, syslog:[HOST:PORT] or an http(s) URL")
    return make(text, rest)


def places(texts: Iterable[str]) -> dict[str, Callable[[Checkpoint], None]]:
    """All of them by name. Raises WorldError naming the wrong one."""
    try:
        return {text: place(text) for text in texts}
    except ValueError as error:
        raise WorldError(str(error)) from error


def _file(_text: str, rest: str) -> Callable[[Checkpoint], None]:
    if not rest:
        raise ValueError("file: wants a folder")

    def tell(checkpoint: Checkpoint) -> None:
        folder = Path(rest)
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        path = folder / f"anchors-{checkpoint.node}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, (anchor_line(checkpoint) + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    return tell


def _syslog(_text: str, rest: str) -> Callable[[Checkpoint], None]:
    target = Address.parse(rest) if rest else None

    def tell(checkpoint: Checkpoint) -> None:
        line = f"<{_SYSLOG}>1 - {checkpoint.node} qinglang-ledger - anchor - "
        payload = (line + anchor_line(checkpoint)).encode()
        if target is None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(SLOWEST)
                sender.connect("/dev/log")
                sender.send(payload)
            return
        family = socket.AF_INET6 if ":" in target.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.settimeout(SLOWEST)
            sender.sendto(payload, (target.host, target.port))

    return tell


def _post(text: str, _rest: str) -> Callable[[Checkpoint], None]:
    def tell(checkpoint: Checkpoint) -> None:
        request = urllib.request.Request(  # noqa: S310 - the scheme is http or https
            text,
            data=(anchor_line(checkpoint) + "\n").encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=SLOWEST) as answer:
                answer.read(1024)
        except (ValueError, urllib.error.HTTPError) as error:
            raise OSError(f"{error}") from error

    return tell


_PLACES: Mapping[str, Callable[[str, str], Callable[[Checkpoint], None]]] = {
    "file": _file,
    "syslog": _syslog,
    "http": _post,
    "https": _post,
}
