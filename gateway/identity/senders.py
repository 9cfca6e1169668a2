"""Who may send RADIUS accounting to this node: the file of secrets. A door to that file."""

from __future__ import annotations

from gateway.identity.prefixes import Prefixes
from gateway.identity.radius import Clients, read_clients
from gateway.node import Node
from rules.load import DataError, Problem, WorldError


def clients(node: Node) -> Clients:
    """The RADIUS secrets; none where nothing listens. Raises DataError, WorldError."""
    if node.radius is None:
        return Prefixes(())
    path = node.radius_secret
    if path is None:
        said = "需要 --radius-secret FILE / a file of secrets is wanted"
        raise DataError([Problem(file="--radius", line=1, column=1, message=said)])
    try:
        text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError(f"{path}: 读不到密钥 / the secrets cannot be read: {error}") from error
    if mode & 0o077:
        raise WorldError(f"{path}: 只应属主可读 / owner only: chmod 600 {path}")
    return read_clients(text, str(path))
