"""Ports that are free, taken, ours to move and not ours to move."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import Address
from gateway.settings import Machine, Plan, Settings, plan
from gateway.sockets import bound, free, open_all
from rules.load import WorldError

pytestmark = pytest.mark.wire
ANY = Address(host="127.0.0.1", port=0)


@pytest.fixture
def taken() -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield bound(server)


def planned(tmp_path: Path, **asked: object) -> Plan:
    said = {"data": tmp_path, "proxy": (ANY,), "dns": ANY, "metrics": ANY, **asked}
    return plan(Settings(**said), Machine(name="n", cores=1))  # type: ignore[arg-type]


def test_everything_opens_and_the_node_knows_the_real_ports(tmp_path: Path) -> None:
    opened = open_all(planned(tmp_path, socks=(ANY,)))
    try:
        assert len(opened.listeners) == 2
        for listener, each in zip(opened.node.listeners, opened.listeners, strict=True):
            assert listener.address == bound(each)
            assert listener.address.port
            socket.create_connection((listener.address.host, listener.address.port)).close()
        assert opened.dns_udp is not None
        assert opened.dns_tcp is not None
        assert bound(opened.dns_udp) == bound(opened.dns_tcp) == opened.node.dns
        assert opened.moved == ()
        assert not any(os.get_inheritable(each.fileno()) for each in opened.listeners)
    finally:
        opened.close()


def test_a_default_port_that_is_taken_moves_and_says_so(tmp_path: Path, taken: Address) -> None:
    made = planned(tmp_path, proxy=(taken,))
    opened = open_all(Plan(node=made.node, movable=frozenset({taken})))
    try:
        real = opened.node.listeners[0].address
        assert real.port not in (0, taken.port)
        assert opened.moved == ((taken, real),)
    finally:
        opened.close()


@pytest.mark.parametrize("option", ["proxy", "dns", "metrics"])
def test_an_asked_port_that_is_taken_is_one_sentence_and_nothing_stays_open(
    tmp_path: Path, taken: Address, option: str
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    asked = (taken,) if option == "proxy" else taken
    with pytest.raises(WorldError, match=f"{taken}.*the port is taken"):
        open_all(planned(tmp_path, **{option: asked}))
    assert len(os.listdir("/proc/self/fd")) == before


def test_dns_moves_where_only_its_udp_half_is_taken(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        half = bound(other)
        made = planned(tmp_path, dns=half)
        opened = open_all(Plan(node=made.node, movable=frozenset({half})))
        try:
            assert opened.node.dns is not None
            assert opened.node.dns.port != half.port
        finally:
            opened.close()


def test_one_dns_address_serves_both_families_and_other_listeners_one(tmp_path: Path) -> None:
    wild = Address(host="::", port=0)
    opened = open_all(planned(tmp_path, dns=wild, proxy=(wild,)))
    try:
        assert opened.node.dns is not None
        socket.create_connection(("127.0.0.1", opened.node.dns.port)).close()
        proxy = opened.node.listeners[0].address
        socket.create_connection(("::1", proxy.port)).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", proxy.port))
    finally:
        opened.close()


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="does not have that address"):
        open_all(planned(tmp_path, proxy=(Address(host="203.0.113.1", port=0),)))


def test_free_says_why_not(taken: Address) -> None:
    assert "in use" in free(taken)
    assert free(ANY) == ""


def test_identity_s_ports_are_what_was_asked_for(tmp_path: Path, taken: Address) -> None:
    opened = open_all(planned(tmp_path, radius=ANY, identity_api=ANY))
    try:
        assert opened.radius is not None
        assert opened.identity_api is not None
        assert opened.node.radius == bound(opened.radius)
        assert opened.node.identity_api == bound(opened.identity_api)
    finally:
        opened.close()
    with pytest.raises(WorldError, match=str(taken.port)):
        open_all(planned(tmp_path, radius=ANY, identity_api=taken))
