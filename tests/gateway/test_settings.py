"""Command line over file over defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.node import PRIVATE, Address, Listener, ListenerKind
from gateway.settings import Machine, Settings, nameservers, plan
from rules.load import DataError, loads

MACHINE = Machine(name="gw 1.校.example", cores=4, resolvers=(Address(host="10.0.0.53", port=53),))


def at(text: str) -> Address:
    return Address.parse(text)


def test_nothing_said_gives_the_embedded_defaults() -> None:
    made = plan(Settings(), MACHINE)
    node = made.node
    assert [(str(one.kind), str(one.address)) for one in node.listeners] == [
        ("explicit", "127.0.0.1:8080")
    ]
    assert (str(node.dns), str(node.metrics)) == ("127.0.0.1:5353", "127.0.0.1:9090")
    assert (node.workers, node.detail, node.name) == (4, "blocks", "gw-1-example")
    assert node.data.is_absolute()
    assert node.dns_upstreams == MACHINE.resolvers
    assert made.movable == {at("127.0.0.1:8080"), at("127.0.0.1:5353"), at("127.0.0.1:9090")}


def test_what_was_asked_for_may_not_move() -> None:
    made = plan(Settings(proxy=(at("127.0.0.1:8080"),), dns=at("127.0.0.1:5353")), MACHINE)
    assert made.movable == {at("127.0.0.1:9090")}


def test_listeners_of_every_kind_with_their_clients() -> None:
    asked = Settings(
        proxy=(at("10.0.0.1:8080"), at("[fd00::1]:8080")),
        socks=(at("10.0.0.1:1080"),),
        transparent=(at("0.0.0.0:8081"),),
        page_http=(at("10.0.0.1:80"),),
        page_https=(at("10.0.0.1:443"),),
        clients=("10.0.0.0/8", "fd00::/8"),
    )
    node = plan(asked, MACHINE).node
    assert [one.kind for one in node.listeners] == [
        ListenerKind.EXPLICIT,
        ListenerKind.EXPLICIT,
        ListenerKind.SOCKS5,
        ListenerKind.TRANSPARENT,
        ListenerKind.PAGE_HTTP,
        ListenerKind.PAGE_HTTPS,
    ]
    assert {one.clients for one in node.listeners} == {("10.0.0.0/8", "fd00::/8")}
    assert node.dns_clients == ("10.0.0.0/8", "fd00::/8")


FILE = """\
data: /srv/qinglang
workers: 8
detail: requests
dns_upstream: [10.0.0.53:53, 10.0.0.54:53]
clients: 10.0.0.0/8
listeners:
  - kind: explicit
    address: 10.0.0.1:8080
    proxy_protocol: true
"""


def test_a_file_stands_behind_the_command_line() -> None:
    file = loads(Settings, FILE, "node.yaml")
    merged = Settings(workers=2, policy=(Path("own"),)).over(file)
    node = plan(merged, MACHINE).node
    assert (node.workers, node.detail, node.data) == (2, "requests", Path("/srv/qinglang"))
    assert node.policy == (Path("own").resolve(),)
    assert node.listeners[0].proxy_protocol
    assert node.listeners[0].clients == PRIVATE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workers: 0", "1–256"),
        ("workers: many", "not a number"),
        ("detail: all", "blocks"),
        ("clients: [everyone]", "everyone"),
        ("clients: [10.0.0.1/8]", "host bits"),
        ("page: page.example", "page.example"),
        ("proxy: 127.0.0.1:99999", "HOST:PORT"),
        ("resolve: [a b]", "NAME=ADDRESS"),
        ('pac_direct: ["a\\"); alert("]', "host name"),
        ("worker: 3", "did you mean `workers`"),
        ("", "empty"),
    ],
)
def test_a_bad_file_says_where_and_what(text: str, said: str) -> None:
    with pytest.raises(DataError, match=rf"node\.yaml:1:\d+: .*({said})"):
        loads(Settings, text, "node.yaml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("nameserver 10.0.0.53\nnameserver\t::1 # home\n", ["10.0.0.53:53", "[::1]:53"]),
        ("# nameserver 1.1.1.1\n;nameserver 1.1.1.1\nsearch x\noptions ndots:5", []),
        ("nameserver fe80::1%eth0", ["[fe80::1%eth0]:53"]),
        ("nameserver nonsense\nnameserver 10.0.0.1\nnameserver 10.0.0.1", ["10.0.0.1:53"]),
        ("nameserver\n\x00\xff\n" * 1000, []),
    ],
)
def test_resolv_conf(text: str, found: list[str]) -> None:
    assert [str(address) for address in nameservers(text)] == found


@pytest.mark.parametrize("name", ["", "///", "校", "a" * 300, "../../etc", "a\x00b"])
def test_a_node_name_is_always_a_file_name(name: str) -> None:
    made = plan(Settings(), Machine(name=name, cores=1)).node.name
    assert 1 <= len(made) <= 48
    assert made.isascii()
    assert "/" not in made


def test_identity(tmp_path: Path) -> None:
    node = plan(Settings(), MACHINE).node
    assert (node.radius, node.identity_api, node.identity_timeout) == (None, None, 3600.0)
    file = tmp_path / "secret"
    asked = Settings(radius=at("127.0.0.1:1813"), radius_secret=file, identity_timeout=60.0)
    node = plan(asked, MACHINE).node
    assert (str(node.radius), node.radius_secret) == ("127.0.0.1:1813", file)
    with pytest.raises(ValueError, match="60"):
        Settings(identity_timeout=59.0)


def test_a_directory_makes_proxies_ask_for_a_login() -> None:
    machine = Machine(name="m", cores=1)
    at = Address(host="127.0.0.1", port=0)
    asked = Settings(
        directory=Path("d.yaml"), proxy=(at,), socks=(at,), transparent=(at,), page_http=(at,)
    )
    made = {one.kind: one.login for one in plan(asked, machine).node.listeners}
    assert made == {"explicit": True, "socks5": True, "transparent": False, "page-http": False}
    assert plan(Settings(directory=Path("d.yaml")), machine).node.listeners[0].login
    assert not plan(Settings(), machine).node.listeners[0].login


def test_a_login_that_cannot_be() -> None:
    machine, at = Machine(name="m", cores=1), Address(host="127.0.0.1", port=0)
    one = Listener(kind=ListenerKind.EXPLICIT, address=at, login=True)
    with pytest.raises(ValueError, match="directory"):
        plan(Settings(listeners=(one,)), machine)
    with pytest.raises(ValueError, match="transparent"):
        Settings(listeners=(replace(one, kind=ListenerKind.TRANSPARENT),))
    with pytest.raises(ValueError, match="identity_api"):
        plan(Settings(oidc=Path("o.yaml")), machine)
