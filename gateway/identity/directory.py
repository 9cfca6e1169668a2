"""The directory (LDAP) that proxy logins are checked against: `--directory FILE`, as data.

Either `user_dn`, where users stand in one place, or `base` and `filter` with a service
account, where they have to be found. Encrypted unless `plain: true` says otherwise.
`map` says what its attributes mean here (gateway/identity/traits.py). Pure but for `read`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from gateway.identity.ldapfilter import USER, compiled, filled
from gateway.identity.traits import Case, Row, failures
from rules.load import DataError, Problem, WorldError, load
from rules.model import Text

PORTS = {"ldap": 389, "ldaps": 636}


class WhenDown(StrEnum):
    """What becomes of a login while no directory answers."""

    STRICT = "strict"  # somebody unknown: the district's default, as a pupil
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`ldaps://HOST[:636]`, or `ldap://HOST[:389]` with StartTLS."""

    host: str
    port: int
    tls: bool  # from the first byte

    @classmethod
    def parse(cls, said: str) -> Self:
        parts = urlsplit(said)
        if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"`{said}` is not ldaps://HOST[:PORT] or ldap://HOST[:PORT]")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            tls=parts.scheme == "ldaps",
        )

    def __str__(self) -> str:
        return f"{'ldaps' if self.tls else 'ldap'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The content of such a file. Times are seconds."""

    id: str
    title: Text
    servers: tuple[Server, ...]
    user_dn: str = ""  # uid={user},ou=people,dc=example
    base: str = ""
    filter: str = "(uid={user})"
    service_dn: str = ""
    service_password: Path | None = None  # file, owner only; beside this file unless absolute
    map: tuple[Row, ...] = ()
    cases: tuple[Case, ...] = ()
    trusted_ca: Path | None = None  # instead of the system's
    plain: bool = False  # ldap:// without StartTLS: passwords readable on the wire
    timeout: float = 5.0
    connections: int = 4
    remember: float = 600.0  # a good login is believed without asking again
    stay: float = 28_800.0  # a connection of a login ends after it
    when_down: WhenDown = WhenDown.STRICT

    def __post_init__(self) -> None:
        """Raises ValueError with one sentence for what cannot be."""
        if not self.servers:
            raise ValueError("servers: at least one")
        if bool(self.user_dn) == bool(self.base):
            raise ValueError("either `user_dn` or `base` (with `filter`)")
        if self.user_dn and USER not in self.user_dn:
            raise ValueError(f"user_dn: {USER} is missing in it")
        if self.base:
            if USER not in self.filter:
                raise ValueError(f"filter: {USER} is missing in it")
            try:
                compiled(filled(self.filter, "u"))
            except ValueError as error:
                raise ValueError(f"filter: {error}") from None
        if bool(self.service_dn) != (self.service_password is not None):
            raise ValueError("service_dn and service_password belong together")
        if self.plain and any(one.tls for one in self.servers):
            raise ValueError("plain: true together with ldaps:// says two things")
        for name, least, most in (
            ("timeout", 0.5, 30.0),
            ("connections", 1, 64),
            ("remember", 0.0, 3600.0),
            ("stay", 60.0, 86_400.0),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: {least:g} to {most:g}")
        if wrong := failures(self.map, self.cases):
            raise ValueError("; ".join(wrong))

    @property
    def attributes(self) -> tuple[str, ...]:
        """What has to be asked for."""
        return tuple(dict.fromkeys(row.when for row in self.map))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A directory, and the password of its service account."""

    directory: Directory
    password: str = ""


def read(path: Path) -> Access:
    """The file and the secret it names. Raises DataError, WorldError."""
    directory = load(Directory, path)
    if directory.service_password is None:
        return Access(directory=directory)
    password = secret(path.parent / directory.service_password)
    if not password:
        said = "service_password: 文件是空的 / the file is empty"
        raise DataError([Problem(file=str(path), line=1, column=1, message=said)])
    return Access(directory=directory, password=password)


def secret(path: Path) -> str:
    """The first line of an owner's file. Raises WorldError."""
    try:
        said, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError(f"{path}: 读不到密钥 / cannot be read: {error}") from error
    if mode & 0o077:
        raise WorldError(f"{path}: 只应属主可读 / owner only: chmod 600 {path}")
    return said.partition("\n")[0].rstrip("\r")
