"""What makes a token one of an application's: a value of the node's settings. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

ALGORITHMS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What makes a token one of this application's."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = tuple(ALGORITHMS)
    cookie: str = ""  # a cookie that holds the token; empty: the Authorization header alone
    header: bool = True

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience:
            raise ValueError("token: issuer and audience are wanted")
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"token: algorithms: some of {', '.join(ALGORITHMS)}")
        if not self.header and not self.cookie:
            raise ValueError("token: header or cookie is wanted")
        if self.cookie and not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", self.cookie):
            raise ValueError("token: cookie: no name of a cookie")
