"""The ways to log in that a node's settings name: a directory, an OIDC provider.

What is not asked for is not even imported, so that the identity service of a node without
them is back soon after a crash. A door: it reads the settings' files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.node import Node

if TYPE_CHECKING:
    from gateway.identity.logins import LoginDoor, Named
    from gateway.identity.portal_login import Admit, PortalLogin


def logins(node: Node, named: Named) -> LoginDoor | None:
    """Proxy logins, not yet started. Raises DataError, WorldError."""
    if node.directory is None:
        return None
    from gateway.identity.directory import read
    from gateway.identity.login_words import SOCKET
    from gateway.identity.logins import Desk, LoginDoor

    access = read(node.directory)
    return LoginDoor(node.run / SOCKET, lambda: Desk(access, named))


def pages(node: Node, admit: Admit, counted: Callable[[str], None]) -> PortalLogin | None:
    """The portal's own login. Raises DataError, WorldError."""
    if node.oidc is None:
        return None
    from gateway.identity.portal_login import opened

    return opened(node.oidc, admit, counted)
