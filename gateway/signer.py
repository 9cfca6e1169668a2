"""The signer process: keeps the ledger's key and the chain, signs what it is handed, anchors.

`python -O -m gateway.signer --folder DIR --socket PATH --node NAME [--anchor PLACE …]`

It gives every statement the next number, its own clock and the link to the one
before; nobody can ask for another number, so a history once signed cannot be signed
again otherwise. Run as another user than the writer (deploy/systemd), it holds
against the account that owns the database. This module is a door: key, files,
sockets, a clock.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loguru import logger

from gateway import oplog
from gateway.anchors import places
from gateway.delivery import short_path
from gateway.ledger import Checkpoint, Digest, LedgerError, hasher, key_id, read, sign
from gateway.signing import CHAIN, PUBLIC, receive, send
from rules.load import WorldError

KEY = "key.pem"
ANCHOR_EVERY = 30.0  # seconds; with a seal at least every ten, nothing older than 60 is free
PAGE = 500  # lines of one `since`
LARGEST_BODY = 512 * 1024
PATIENCE = 2.0  # seconds for one question
_PEER = struct.Struct("3i")

type Tell = Callable[[Checkpoint], None]


class Signer:
    """Key and chain of one node. Not thread safe but for `head`."""

    def __init__(
        self,
        folder: Path,
        *,
        node: str,
        digest: Digest = Digest.SHA256,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises WorldError where the folder cannot be had, or its chain is not ours."""
        self.node = node
        self._digest = digest
        self._clock = clock
        try:
            hasher(digest)
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._key = key_of(folder)
            self._path = folder / CHAIN
            self._lines, self.head = _chain(self._path)
        except (OSError, ValueError) as error:
            raise WorldError(f"signer folder {folder}: {error}") from error
        public = self._key.public_key()
        self.key = key_id(public)
        self.public = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode("ascii")

    def answer(self, question: Any, by: int) -> dict[str, Any]:
        """The answer to one question of the account `by`; `error` where there is none."""
        if not isinstance(question, dict):
            return {"error": "a JSON object is wanted"}
        match question:
            case {"ask": "hello"}:
                head = self.head
                return {
                    "public": self.public,
                    "key": self.key,
                    "node": self.node,
                    "seq": head.seq if head else 0,
                    "hash": head.hash if head else "",
                }
            case {"ask": "since", "seq": int(seq)} if seq >= 0:
                return {"lines": self._since(seq)}
            case {"ask": "sign", "kind": str(kind), "body": dict(body)} if 0 < len(kind) < 64:
                return self._signed(kind, body, by)
        return {"error": "not a question of this version"}

    def _signed(self, kind: str, body: dict[str, Any], by: int) -> dict[str, Any]:
        try:
            line = sign(
                self._key,
                before=self.head,
                now=self._clock(),
                node=self.node,
                kind=kind,
                body=body,
                by=by,
                digest=self._digest,
            )
            if len(line) > LARGEST_BODY:
                return {"error": "the statement is too large"}
            found = read(line)
            _append(self._path, line)
        except (ValueError, RecursionError, OSError) as error:
            return {"error": str(error)}
        self._lines += 1
        self.head = found
        return {"line": line}

    def _since(self, seq: int) -> list[str]:
        """The lines after number `seq`, a page of them; line n is number n."""
        found: list[str] = []
        if seq < self._lines:
            with open(self._path, encoding="utf-8", errors="surrogatepass") as file:
                for place, line in enumerate(file, 1):
                    if place > seq:
                        found.append(line.rstrip("\n"))
                    if len(found) >= PAGE:
                        break
        return found


def key_of(folder: Path) -> Ed25519PrivateKey:
    """The private key of a folder, made first where there is none; the public one beside it."""
    path = folder / KEY
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _whole(path, pem, 0o600)
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError(f"{path} is not an Ed25519 key")
    public = found.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _whole(folder / PUBLIC, public, 0o644)
    return found


def _whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file in one step, with these permissions whatever the umask."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(mode)
    fresh.replace(path)


def _chain(path: Path) -> tuple[int, Checkpoint | None]:
    """How many lines the chain has, and its last. A torn last line was never answered: cut."""
    if not path.exists():
        return 0, None
    lines, whole, last = 0, 0, b""
    with open(path, "rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            lines, whole, last = lines + 1, whole + len(line), line
    if whole < path.stat().st_size:
        os.truncate(path, whole)
    if not last:
        return 0, None
    head = read(last)
    if head.seq != lines:
        raise LedgerError(f"{path} has {lines} lines but ends with number {head.seq}")
    return lines, head


def _append(path: Path, line: str) -> None:
    """One durable line; on trouble the file is as before."""
    payload = (line + "\n").encode("utf-8", "surrogatepass")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(handle).st_size
        try:
            if os.write(handle, payload) != len(payload):
                raise OSError("the disk is full")
            os.fsync(handle)
        except OSError:
            with suppress(OSError):
                os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


class Anchoring:
    """Tells the newest digest to every place, at most every `every` seconds, in a thread."""

    def __init__(
        self,
        head: Callable[[], Checkpoint | None],
        tell: Mapping[str, Tell],
        *,
        every: float = ANCHOR_EVERY,
    ) -> None:
        self._head = head
        self._tell = tell
        self._every = every
        self._told: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="anchors", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Tell the last one, and end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.step()
        self.step()

    def step(self) -> None:
        """Tell every place that does not know the newest digest yet."""
        head = self._head()
        if head is None:
            return
        for name, tell in self._tell.items():
            if self._told.get(name) == head.seq:
                continue
            try:
                tell(head)
            except OSError as error:
                logger.error("锚定失败 / not anchored at {}: {}", name, error)
            else:
                self._told[name] = head.seq


def listen(path: Path) -> socket.socket:
    """The unix socket, open to owner and group."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.bind(short_path(path))
    path.chmod(0o660)
    opened.listen(64)
    return opened


def serve(signer: Signer, opened: socket.socket, stopping: Callable[[], bool]) -> None:
    """Answer one question a connection until told to stop."""
    with selectors.DefaultSelector() as selector:
        selector.register(opened, selectors.EVENT_READ)
        while not stopping():
            if not selector.select(0.2):
                continue
            line, _ = opened.accept()
            with line:
                line.settimeout(PATIENCE)
                try:
                    send(line, signer.answer(receive(line), _peer(line)))
                except (OSError, ValueError) as error:
                    logger.warning("signer: a question was not answered: {}", error)


def _peer(line: socket.socket) -> int:
    """The uid of the account at the other end, from the kernel."""
    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(raw)[1])


def main(argv: Sequence[str] | None = None) -> int:
    """The process. Exit code 0 after SIGTERM, 3 the world failed."""
    parser = argparse.ArgumentParser(prog="python -m gateway.signer")
    parser.add_argument("--folder", type=Path, required=True, help="key and chain")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--node", required=True, help="name in every checkpoint")
    parser.add_argument("--anchor", action="append", default=[], metavar="PLACE")
    parser.add_argument("--anchor-every", type=float, default=ANCHOR_EVERY, metavar="SECONDS")
    parser.add_argument("--digest", type=Digest, choices=list(Digest), default=Digest.SHA256)
    parser.add_argument("--ready", type=Path, help="file that says it serves")
    options = parser.parse_args(argv)
    oplog.set_up()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        tell = places(options.anchor)
        signer = Signer(options.folder, node=options.node, digest=options.digest)
        opened = listen(options.socket)
    except (WorldError, OSError) as error:
        logger.error("{}", error)
        return 3
    anchoring = Anchoring(lambda: signer.head, tell, every=min(options.anchor_every, 60.0))
    logger.info("signer: {}", json.dumps({"node": signer.node, "key": signer.key}))
    if options.ready:
        options.ready.write_text(str(os.getpid()), encoding="ascii")
    try:
        serve(signer, opened, stop.is_set)
    finally:
        opened.close()
        options.socket.unlink(missing_ok=True)
        if options.ready:
            options.ready.unlink(missing_ok=True)
        anchoring.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
