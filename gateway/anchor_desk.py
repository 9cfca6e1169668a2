"""The receiving end of anchors: another machine keeps what nodes post, one file a node.

A node's anchors only go forward: a smaller number, or another digest for a known one, is
refused (409), told and put down in `refused.jsonl`, for it means that a ledger was cut off
or written anew. It holds no key: whether a digest is true is for `events verify` to
say; a forged one can only make a good ledger look bad, so who may post is told by address.
A door: a port, files.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from gateway.ledger import Anchor, read_anchors
from gateway.node import Address
from rules.load import WorldError

LARGEST = 64 * 1024  # bytes of one post
SECONDS = 10.0  # of a silent client
MOST_NODES = 1_000
PRIVATE = ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch


class Fate(Enum):
    """What became of an anchor, and the HTTP status that says so."""

    KEPT = 204
    KNOWN = 208
    UNREADABLE = 400
    BACKWARDS = 409
    FULL = 507


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An anchor and what became of it; without one nothing read."""

    fate: Fate
    anchor: Anchor | None = None


class Shelf:
    """The files of a folder. Calls come from any thread, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: dict[str, Anchor] = {}
        self._lock = threading.Lock()
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            for path in sorted(folder.glob("anchors-*.jsonl")):
                for one in read_anchors(path.read_text(encoding="utf-8", errors="replace")):
                    if one.seq >= getattr(self._last.get(one.node), "seq", 0):
                        self._last[one.node] = one
        except OSError as error:
            raise WorldError(f"{folder}: {error.strerror}") from error

    def take(self, body: bytes, sender: str, now: float) -> list[Kept]:
        """Keep what is posted, line by line. Raises OSError."""
        found = read_anchors(body.decode("utf-8", "replace"))
        with self._lock:
            return [self._take(one, sender, now) for one in found] or [Kept(fate=Fate.UNREADABLE)]

    def _take(self, one: Anchor, sender: str, now: float) -> Kept:
        if not _NAME(one.node) or not re.fullmatch("[0-9a-f]{64}", one.hash):
            return Kept(fate=Fate.UNREADABLE)
        last = self._last.get(one.node)
        if last is not None and (one.seq, one.hash) == (last.seq, last.hash):
            return Kept(fate=Fate.KNOWN, anchor=one)
        if last is None and len(self._last) >= MOST_NODES:
            return Kept(fate=Fate.FULL, anchor=one)
        forward = last is None or one.seq > last.seq
        name = f"anchors-{one.node}.jsonl" if forward else "refused.jsonl"
        line = {"ledger": 1, "node": one.node, "seq": one.seq, "time": one.time, "hash": one.hash}
        _append(self.folder / name, {**line, "received": round(now, 3), "from": sender})
        if not forward:
            return Kept(fate=Fate.BACKWARDS, anchor=one)
        self._last[one.node] = one
        return Kept(fate=Fate.KEPT, anchor=one)


def _append(path: Path, line: dict[str, Any]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        text = json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n"
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def told(kept: Kept, sender: str) -> str:
    """One line for whoever looks on: number and digest, or what is wrong."""
    one = kept.anchor
    if one is None:
        return f"✗ {sender}: 读不懂 / not an anchor"
    digest = "-".join(one.hash[start : start + 4] for start in range(0, 32, 4))
    words = {
        Fate.KEPT: "✓",
        Fate.KNOWN: "= 已有 known",
        Fate.BACKWARDS: "✗ 倒退或另一份 goes backwards, or differs",
        Fate.FULL: "✗ 节点太多 too many nodes",
        Fate.UNREADABLE: "✗",
    }
    return f"{words[kept.fate]} {one.node} {one.seq} {digest} ({sender})"


def server(
    shelf: Shelf,
    address: Address,
    *,
    senders: Sequence[str] = PRIVATE,
    say: Callable[[str], None],
    clock: Callable[[], float],
) -> ThreadingHTTPServer:
    """A server on this address; the caller runs and closes it. Raises ValueError, OSError."""
    networks = [ip_network(prefix, strict=False) for prefix in senders]

    class Desk(BaseHTTPRequestHandler):
        timeout = SECONDS

        def do_POST(self) -> None:
            sender = str(self.client_address[0])
            length = self.headers.get("content-length", "")
            if not any(_mapped(sender) in network for network in networks):
                return self._reply(403)
            if not length.isascii() or not length.isdigit() or not 0 < int(length[:9]) <= LARGEST:
                return self._reply(400)
            try:
                kept = shelf.take(self.rfile.read(int(length[:9])), sender, clock())
            except OSError as error:
                say(f"✗ {sender}: {error}")
                return self._reply(507)
            for one in kept:
                say(told(one, sender))
            return self._reply(max(one.fate.value for one in kept))

        def _reply(self, status: int) -> None:
            self.send_response(status)
            if status != Fate.KEPT.value:
                self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Each anchor is told; nothing else is."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        daemon_threads = True

    return Server((address.host, address.port), Desk)


def _mapped(sender: str) -> Any:
    found = ip_address(sender.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found
