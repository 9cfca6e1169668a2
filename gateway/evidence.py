"""One place to open a node's evidence: its keys, chain and anchors, wherever they stand.

The pinned public key (`<data>/ledger/public.pem`, or `--key`) decides whose signature
counts; anchors come from where the caller says, else from the node's own folder,
which proves less. This module is a door to those files and to the signer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.ledger import Chain, check, key_id, read_anchors
from gateway.node import Node
from gateway.signing import PUBLIC, Signing
from rules.load import DataError, Problem, WorldError


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A checked chain, and what a reader should know of how it was checked."""

    chain: Chain
    anchors: int
    notes: tuple[str, ...] = ()


def signing_of(node: Node) -> Signing:
    """The line to this node's signer."""
    return Signing(socket=node.signer_socket, folder=node.ledger)


def public_key(path: Path) -> Ed25519PublicKey:
    """The key of a PEM file. Raises DataError, WorldError."""
    try:
        found = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise _wrong(path, "not a PEM public key") from error
    if not isinstance(found, Ed25519PublicKey):
        raise _wrong(path, "not an Ed25519 key")
    return found


def open_evidence(
    node: Node,
    *,
    keys: Sequence[Path] = (),
    anchors: Sequence[Path] = (),
    chain: Path | None = None,
) -> Evidence:
    """The chain of a node, checked. Raises DataError, WorldError where nothing can be checked."""
    notes: list[str] = []
    signing = signing_of(node)
    if chain is None:
        try:
            signing.mirror()
        except WorldError as error:
            notes.append(f"按本地副本核对 / checked on the local copy: {error}")
        except OSError as error:
            notes.append(f"{signing.chain}: {error.strerror}")
    pinned = (
        list(keys)
        or [path for path in (signing.public, node.data / "signer" / PUBLIC) if path.exists()][:1]
    )
    if not pinned:
        raise WorldError("没有签名公钥 / no public key of the signer: give one with --key")
    if not keys:
        notes.append(f"公钥 public key: {pinned[0]}")
    kept = _anchor_files(node, anchors, notes)
    found = [
        anchor
        for path in kept
        for anchor in read_anchors(path.read_text(encoding="utf-8", errors="replace"))
        if anchor.node in ("", node.name)
    ]
    known = {key_id(key): key for key in map(public_key, pinned)}
    return Evidence(
        chain=check(load_chain(chain or signing.chain), known, found),
        anchors=len(found),
        notes=tuple(notes),
    )


def _anchor_files(node: Node, asked: Sequence[Path], notes: list[str]) -> list[Path]:
    files: list[Path] = []
    for path in asked or (node.data / "anchors",):
        if path.is_dir():
            files += sorted(path.glob("*.jsonl"))
        elif path.is_file():
            files.append(path)
        elif asked:
            raise WorldError(f"{path}: 没有锚定文件 / there is no such anchor file")
    if not files:
        notes.append("没有锚定,被截去的末尾看不出 / no anchors: a cut-off tail cannot be seen")
    elif not asked:
        notes.append(
            "锚定在数据目录内,其所有者可改 / these anchors lie in the data folder, whose owner "
            "can rewrite them: give others with --anchors"
        )
    return files


def load_chain(path: Path) -> list[bytes]:
    """The lines of a chain's copy; none where there is no copy."""
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from error


def _wrong(path: Path, message: str) -> DataError:
    return DataError([Problem(file=str(path), line=1, column=1, message=message)])
