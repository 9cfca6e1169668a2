"""What one node is: its listeners, folders and limits, as one frozen value.

`qinglang up` makes it from the command line and an optional node file, writes it
to `<data>/run/node.json`, and every child process reads it from there. Policy is
not here: this is the machine, not what pupils may see.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from gateway.masking.trust import Trust
from rules.load import load


class ListenerKind(StrEnum):
    EXPLICIT = "explicit"  # HTTP proxy: absolute-form and CONNECT
    SOCKS5 = "socks5"  # RFC 1928; RFC 1929 where a login is asked for
    TRANSPARENT = "transparent"  # nftables redirect, SO_ORIGINAL_DST
    PAGE_HTTP = "page-http"  # block page for names answered by DNS, port 80
    PAGE_HTTPS = "page-https"  # the same, port 443
    APPLICATIONS = "applications"  # HTTPS before education applications (reverse)


PRIVATE = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fe80::/10",
)
"""Who may use a listener unless it says otherwise: never the whole Internet."""

LOGIN_LIFE = 3600.0  # seconds: RADIUS interim updates come every few minutes where they come


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """HOST:PORT; an IPv6 host stands in brackets. Port 0 asks the system for one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        host, colon, port = text.rpartition(":")
        host = host.strip("[]")
        if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError(f"`{text}` is not HOST:PORT, for example 127.0.0.1:8080")
        return cls(host=str(ip_address(host)) if host else "0.0.0.0", port=int(port))  # noqa: S104

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One listening socket. `clients` are the prefixes it serves; others are refused.

    `proxy_protocol` expects a PROXY v1/v2 header from a balancer in front; only peers of
    the prefixes `balancers` are believed. `login` asks whoever comes for a user name and
    password of the node's directory (`explicit` and `socks5` alone).
    """

    kind: ListenerKind
    address: Address
    clients: tuple[str, ...] = PRIVATE
    proxy_protocol: bool = False
    balancers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    login: bool = False


class Cover(StrEnum):
    """What stands in place of an image that may not be seen."""

    REPLACE = "replace"  # the block picture
    BLUR = "blur"  # the same picture in a few large squares


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Which model reads images on this node, and how much may be spent on one. Sizes are bytes.

    An image beyond a bound is not looked at: unknown, and policy says what follows.
    """

    model: Path
    labels: Path
    action: Cover = Cover.REPLACE
    bytes: int = 2 * 1024 * 1024  # held before it leaves
    pixels: int = 25_000_000
    ms: int = 800  # from its last byte to the verdict
    queue: int = 64  # images waiting in one worker
    least: int = 1024  # smaller ones are buttons and tracking dots

    def __post_init__(self) -> None:
        for name, value, most in (
            ("bytes", self.bytes, 32 * 1024 * 1024),
            ("pixels", self.pixels, 200_000_000),
            ("ms", self.ms, 30_000),
            ("queue", self.queue, 10_000),
        ):
            if not 1 <= value <= most:
                raise ValueError(f"images.{name}: {value} is not from 1 to {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An education application that this node stands before; who sees what is policy's
    (`applications/<application>.yaml`).

    `upstream` is where it really is, verified as `name` (the upstream's host, unless said).
    `certificate` (PEM, key and chain) is shown to browsers; without it one of the district's CA.
    """

    application: str
    upstream: str
    token: Trust
    keys: str  # JWKS: a file, or an address over HTTPS
    keys_ca: Path | None = None
    name: str = ""
    trusted_ca: Path | None = None
    certificate: Path | None = None
    roster: Path | None = None  # names that are looked for in texts
    plain: bool = False  # http:// to the application, on this machine

    def __post_init__(self) -> None:
        parts = urlsplit(self.upstream)
        wrong = parts.path not in ("", "/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in ("https", "http") or not parts.hostname or wrong:
            raise ValueError(f"applications: `{self.upstream}` is not https://HOST:PORT")
        if parts.scheme == "http" and not self.plain:
            raise ValueError("applications: upstream: https is wanted")
        if self.keys.startswith("http://"):
            raise ValueError("applications: keys: https is wanted")

    @property
    def address(self) -> tuple[str, int]:
        """Where its server is."""
        parts = urlsplit(self.upstream)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def secure(self) -> bool:
        return self.upstream.startswith("https:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The roster by which names are known in what leaves; `key` where it is sealed."""

    roster: Path
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """All a process of this node needs to know. Paths are absolute; sizes are bytes."""

    name: str
    data: Path
    policy: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    listeners: tuple[Listener, ...] = ()
    dns: Address | None = None
    dns_upstreams: tuple[Address, ...] = ()
    dns_clients: tuple[str, ...] = PRIVATE
    metrics: Address | None = None
    page_address: str = ""  # the address DNS gives for blocked names; empty: 0.0.0.0 and ::
    workers: int = 1
    open_destinations: tuple[Address, ...] = ()  # loopback and local ones opened by name
    resolve: tuple[str, ...] = ()  # NAME=ADDRESS: names this node knows itself (split DNS, tests)
    trusted_ca: Path | None = None  # extra upstream roots, e.g. of a school's own sites
    detail: str = "blocks"  # blocks · connections · requests
    contact: str = ""  # on block pages: whom to ask, as text
    appeal: str = ""  # on block pages: a link to ask for review, taking `?code=`
    radius: Address | None = None  # RADIUS accounting, UDP
    radius_secret: Path | None = None  # file: PREFIX SECRET [SCHOOL] a line
    identity_api: Address | None = None  # where portals tell who logged in
    identity_timeout: float = LOGIN_LIFE  # seconds after which a login nobody speaks of ends
    directory: Path | None = None  # LDAP, for listeners that ask for a login
    oidc: Path | None = None  # a provider for the portal's own login
    bundle: str = ""  # where signed policy bundles are fetched from
    signer: Path | None = None  # socket of a signer run apart; None: one of our own
    images: Images | None = None  # the model that reads images, if there is one
    applications: tuple[Served, ...] = ()  # that this node stands before
    names: Names | None = None  # whose names are known in what leaves
    anchors: tuple[str, ...] = ()  # where our own signer keeps the ledger's newest digest

    @property
    def run(self) -> Path:
        """Process files: node.json, status.json, *.pid, sockets."""
        return self.data / "run"

    @property
    def ca(self) -> Path:
        """The district's CA (folder, owner only)."""
        return self.data / "ca"

    @property
    def events(self) -> Path:
        """Event files, one per node and day."""
        return self.data / "events"

    @property
    def ledger(self) -> Path:
        """The copy of the ledger's chain, and what the command line keeps beside it."""
        return self.data / "ledger"

    @property
    def signer_socket(self) -> Path:
        """Where the ledger's signer is asked."""
        return self.signer or self.run / "signer.sock"

    @property
    def rulebase(self) -> Path:
        """Compiled RuleBases; `current` in it is a link to the one in force."""
        return self.data / "rulebase"

    @property
    def snapshot(self) -> Path:
        """Compiled policy documents; `current` in it is a link to the one in force."""
        return self.data / "snapshot"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read node.json. Raises DataError."""
        return load(cls, path)

    def write(self, path: Path) -> None:
        """Write node.json atomically, readable by the owner only."""
        fresh = path.with_suffix(".tmp")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), default=str, indent=1), encoding="utf-8")
        fresh.replace(path)
