"""What `qinglang up` was asked for: command line over file over defaults → a plan.

Everything here is a value; `gateway/up.py` acts on it. A port that was asked for
must be had; one that is only our default may move to a free one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Self

from gateway.node import (
    LOGIN_LIFE,
    PRIVATE,
    Address,
    Images,
    Listener,
    ListenerKind,
    Names,
    Node,
    Served,
)

CARDS = Path(__file__).resolve().parent.parent / "rules" / "recognise" / "cards"
DETAILS = ("blocks", "connections", "requests")
LOOPBACK = ("127.0.0.0/8", "::1/128")
LOGIN_KINDS = (ListenerKind.EXPLICIT, ListenerKind.SOCKS5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of `qinglang up` and the keys of its `--config` file; None is 'not said'.

    `listeners` (file only) says kind, address, clients and proxy_protocol of each;
    `proxy`, `socks`, … are the short way, and ask for a login where a `directory` is
    given. `scrape` are the prefixes that may read /metrics and /status; `pac_direct` names
    that browsers reach without the proxy; `contact` and `appeal` are shown on block pages
    (text; a link taking `?code=`). `images` (file only) names a model that reads
    images, `names` (file only) a roster.
    """

    name: str | None = None
    data: Path | None = None
    proxy: tuple[Address, ...] = ()
    socks: tuple[Address, ...] = ()
    transparent: tuple[Address, ...] = ()
    page_http: tuple[Address, ...] = ()
    page_https: tuple[Address, ...] = ()
    listeners: tuple[Listener, ...] = ()
    dns: Address | None = None
    dns_upstream: tuple[Address, ...] = ()
    page: str | None = None
    metrics: Address | None = None
    workers: int | None = None
    policy: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    open: tuple[Address, ...] = ()
    resolve: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    scrape: tuple[str, ...] = ()
    pac_direct: tuple[str, ...] = ()
    pac_fallback: bool | None = None
    trusted_ca: Path | None = None
    detail: str | None = None
    contact: str | None = None
    appeal: str | None = None
    radius: Address | None = None
    radius_secret: Path | None = None
    identity_api: Address | None = None
    identity_timeout: float | None = None
    directory: Path | None = None
    oidc: Path | None = None
    bundle: str | None = None
    signer: Path | None = None
    anchor: tuple[str, ...] = ()
    images: Images | None = None
    applications: tuple[Served, ...] = ()
    names: Names | None = None

    def __post_init__(self) -> None:
        """Raises ValueError with one sentence for each value that cannot be."""
        if self.workers is not None and not 1 <= self.workers <= 256:
            raise ValueError(f"workers: {self.workers} 不在 1–256 之间 / is not between 1 and 256")
        if self.detail is not None and self.detail not in DETAILS:
            raise ValueError(f"detail: `{self.detail}` is not one of: {', '.join(DETAILS)}")
        if self.identity_timeout is not None and not 60 <= self.identity_timeout <= 86_400:
            raise ValueError("identity_timeout: 60–86400 秒 / seconds")
        for one in self.listeners:
            if one.login and one.kind not in LOGIN_KINDS:
                raise ValueError(f"listeners: login: {one.kind} 不能要求登录 / cannot ask for one")
        if self.page is not None:
            ip_address(self.page)
        for prefix in (*self.clients, *self.scrape):
            ip_network(prefix)
        for pair in self.resolve:
            if not re.fullmatch(r"[^=\s]+=[0-9A-Fa-f.:]+", pair):
                raise ValueError(f"resolve: `{pair}` is not NAME=ADDRESS")
        for name in self.pac_direct:
            if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", name):
                raise ValueError(f"pac_direct: `{name}` is not a host name (use its A-label)")

    def over(self, other: Self) -> Self:
        """These settings, with those of `other` where nothing is said here."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{n: v for n, v in said.items() if v is not None and v != ()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A node as it should be, and which of its addresses may move to a free port."""

    node: Node
    movable: frozenset[Address]
    scrape: tuple[str, ...] = LOOPBACK
    pac_direct: tuple[str, ...] = ()
    pac_fallback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the defaults depend on."""

    name: str
    cores: int
    resolvers: tuple[Address, ...] = ()


def plan(settings: Settings, machine: Machine) -> Plan:
    """Settings and machine → the node to be, relative paths made absolute.

    Raises ValueError where a listener asks for a login and there is no directory.
    """
    listeners = _listeners(settings)
    if settings.directory is None and any(one.login for one in listeners):
        raise ValueError("listeners: login: 需要 directory / a `directory` is wanted")
    if settings.oidc is not None and settings.identity_api is None:
        raise ValueError("oidc: 需要 identity_api / an `identity_api` is wanted")
    movable: set[Address] = set()
    if not listeners:
        listeners = (_listener(ListenerKind.EXPLICIT, _DEFAULT["proxy"], settings),)
        movable.add(_DEFAULT["proxy"])
    for asked, default in ((settings.dns, "dns"), (settings.metrics, "metrics")):
        if asked is None:
            movable.add(_DEFAULT[default])
    node = Node(
        name=_plain(settings.name or machine.name),
        data=(settings.data or Path("var")).resolve(),
        policy=tuple(path.resolve() for path in settings.policy),
        rules=tuple(path.resolve() for path in settings.rules),
        listeners=listeners,
        dns=settings.dns or _DEFAULT["dns"],
        dns_upstreams=settings.dns_upstream or machine.resolvers,
        dns_clients=settings.clients or PRIVATE,
        metrics=settings.metrics or _DEFAULT["metrics"],
        page_address=settings.page or "",
        workers=settings.workers or machine.cores,
        open_destinations=settings.open,
        resolve=settings.resolve,
        trusted_ca=settings.trusted_ca.resolve() if settings.trusted_ca else None,
        detail=settings.detail or DETAILS[0],
        contact=settings.contact or "",
        appeal=settings.appeal or "",
        radius=settings.radius,
        radius_secret=settings.radius_secret.resolve() if settings.radius_secret else None,
        identity_api=settings.identity_api,
        identity_timeout=settings.identity_timeout or LOGIN_LIFE,
        directory=settings.directory.resolve() if settings.directory else None,
        oidc=settings.oidc.resolve() if settings.oidc else None,
        bundle=settings.bundle or "",
        signer=settings.signer.resolve() if settings.signer else None,
        anchors=settings.anchor,
        images=_resolved(settings.images),
        applications=tuple(map(_found, settings.applications)),
        names=_named(settings.names),
    )
    return Plan(
        node=node,
        movable=frozenset(movable),
        scrape=settings.scrape or LOOPBACK,
        pac_direct=settings.pac_direct,
        pac_fallback=bool(settings.pac_fallback),
    )


def _named(names: Names | None) -> Names | None:
    if names is None:
        return None
    return Names(roster=_file(names.roster), key=None if names.key is None else _file(names.key))


def _resolved(images: Images | None) -> Images | None:
    if images is None:
        return None
    return replace(images, model=_file(images.model), labels=_file(images.labels))


def _found(one: Served) -> Served:
    """An application with its files as absolute paths."""
    keys = one.keys if one.keys.startswith("https://") else str(Path(one.keys).resolve())
    files = {
        name: path.resolve()
        for name in ("keys_ca", "trusted_ca", "certificate", "roster")
        if (path := getattr(one, name)) is not None
    }
    return replace(one, keys=keys, **files)


def _file(path: Path) -> Path:
    """A file of the operator's, of an installed package (`package:NAME/FILE`), or a shipped card
    (`card:NAME`), as an absolute path. Raises ValueError where there is no such package."""
    kind, colon, rest = str(path).partition(":")
    if colon and kind == "card":
        return CARDS / f"{rest}.yaml"
    if not colon or kind != "package":
        return path.resolve()
    name, _, inside = rest.partition("/")
    found = find_spec(name) if re.fullmatch(r"\w+", name) else None
    if found is None or not found.submodule_search_locations:
        raise ValueError(f"images: 没有安装这个包 / no package `{name}` is installed")
    return Path(next(iter(found.submodule_search_locations))) / inside


_DEFAULT = {
    "proxy": Address(host="127.0.0.1", port=8080),
    "dns": Address(host="127.0.0.1", port=5353),
    "metrics": Address(host="127.0.0.1", port=9090),
}


def nameservers(text: str) -> tuple[Address, ...]:
    """The resolvers of a resolv.conf(5) text; lines that do not read are passed over."""
    found: list[Address] = []
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                found.append(Address(host=str(ip_address(words[1])), port=53))
            except ValueError:
                continue
    return tuple(dict.fromkeys(found))


def settings_of(options: Any) -> Settings:
    """The parsed command line → Settings. Raises ValueError."""
    said: dict[str, Any] = {}
    for field in fields(Settings):
        value = getattr(options, field.name, None)
        if value is not None:
            said[field.name] = tuple(value) if isinstance(value, list) else value
    return Settings(**said)


def _listeners(settings: Settings) -> tuple[Listener, ...]:
    short: Iterable[tuple[ListenerKind, tuple[Address, ...]]] = (
        (ListenerKind.EXPLICIT, settings.proxy),
        (ListenerKind.SOCKS5, settings.socks),
        (ListenerKind.TRANSPARENT, settings.transparent),
        (ListenerKind.PAGE_HTTP, settings.page_http),
        (ListenerKind.PAGE_HTTPS, settings.page_https),
    )
    made = [_listener(kind, at, settings) for kind, all_at in short for at in all_at]
    return (*settings.listeners, *made)


def _listener(kind: ListenerKind, address: Address, settings: Settings) -> Listener:
    return Listener(
        kind=kind,
        address=address,
        clients=settings.clients or PRIVATE,
        login=settings.directory is not None and kind in LOGIN_KINDS,
    )


def _plain(name: str) -> str:
    """A node name fit for file names: letters, digits, `-`; never empty."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:48] or "node"
