"""The line to the signer process: hand in a statement, get it back signed and linked.

Frame, both ways: 4 bytes length (big endian), JSON. The node keeps a copy of the
chain in `<data>/ledger/`; the signer's own is the one that counts. Whoever signs
(writer, command line) brings the copy up to date, under a lock.
This module is a door: a unix socket and the copy's file.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.delivery import short_path
from gateway.ledger import Checkpoint, LedgerError, read
from rules.load import WorldError

LENGTH = struct.Struct(">I")
LARGEST = 4 * 1024 * 1024
TIMEOUT = 2.0
CHAIN = "chain.jsonl"
PUBLIC = "public.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Asks the signer at `socket`; keeps the copy of the chain in `folder`."""

    socket: Path
    folder: Path
    timeout: float = TIMEOUT

    @property
    def chain(self) -> Path:
        return self.folder / CHAIN

    @property
    def public(self) -> Path:
        return self.folder / PUBLIC

    def sign(self, kind: str, body: dict[str, Any]) -> Checkpoint:
        """One statement, signed and in the copy. Raises WorldError where that cannot be had."""
        answer = self._ask({"ask": "sign", "kind": kind, "body": body})
        try:
            signed = read(str(answer["line"]))
        except (KeyError, LedgerError) as error:
            raise WorldError(f"signer: {error}") from error
        self.mirror()
        return signed

    def hello(self) -> dict[str, Any]:
        """Who signs: `public` (PEM), `key`, `seq`, `hash`, `anchored`. Raises WorldError."""
        return self._ask({"ask": "hello"})

    def mirror(self) -> int:
        """Bring the copy of the chain up to date. Returns its last number."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._pin()
        with _locked(self.chain) as file:
            last = _last(file)
            while True:
                answer = self._ask({"ask": "since", "seq": last})
                lines = [str(line) for line in answer.get("lines", ())]
                if not lines:
                    return last
                os.write(file, "".join(line + "\n" for line in lines).encode())
                os.fsync(file)
                last = read(lines[-1]).seq

    def _pin(self) -> None:
        """Remember whose signatures these are; the first key met stays."""
        if not self.public.exists():
            fresh = self.public.with_suffix(f".{os.getpid()}.tmp")
            fresh.write_text(str(self.hello()["public"]), encoding="ascii")
            fresh.replace(self.public)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(self.timeout)
                line.connect(short_path(self.socket))
                send(line, question)
                answer = receive(line)
        except (OSError, ValueError) as error:
            raise WorldError(
                f"签名进程没有应答 / the signer does not answer ({self.socket}): {error}"
            ) from error
        if not isinstance(answer, dict) or "error" in answer:
            raise WorldError(f"signer: {answer['error'] if isinstance(answer, dict) else answer}")
        return answer


def send(line: socket.socket, document: dict[str, Any]) -> None:
    payload = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    line.sendall(LENGTH.pack(len(payload)) + payload)


def receive(line: socket.socket) -> Any:
    """One frame's document. Raises ValueError, OSError (a peer that hangs up, is slow or lies)."""
    (length,) = LENGTH.unpack(_exactly(line, LENGTH.size))
    if length > LARGEST:
        raise ValueError("the frame is too large")
    try:
        return json.loads(_exactly(line, length))
    except RecursionError as error:
        raise ValueError("the document is too deep") from error


def _exactly(line: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        piece = line.recv(min(65536, count - len(found)))
        if not piece:
            raise ValueError("the line was closed")
        found += piece
    return bytes(found)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _last(handle: int) -> int:
    """The number of the last whole line; a torn tail is cut off, the signer has it."""
    size = os.fstat(handle).st_size
    start = max(0, size - LARGEST)
    tail = os.pread(handle, size - start, start)
    whole = tail.rfind(b"\n") + 1
    if whole < len(tail):
        os.ftruncate(handle, start + whole)
    for line in reversed(tail[:whole].split(b"\n")):
        if line:
            try:
                return read(line).seq
            except LedgerError:
                return 0  # somebody wrote in it: the whole chain is appended again
    return 0
