"""Transparent mode as on a school's router: a network of its own, redirected by nftables.

A namespace with one virtual cable stands for the pupils' network. Everything it sends to
any TCP port is redirected to the gateway, which finds the real destination by itself.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.node import ListenerKind
from tests.conftest import World, options
from tests.pages import page
from tests.running import Answer, Gateway, curl, start

pytestmark = pytest.mark.wire

ROUTER, PUPIL = "10.213.77.1", "10.213.77.2"
ELSEWHERE = "192.0.2.10"  # RFC 5737: an address that leads nowhere


def do(*argv: str, given: str = "") -> None:
    subprocess.run(argv, check=True, capture_output=True, text=True, input=given, timeout=20)


def able() -> bool:
    """May this process make namespaces and load nftables rules?"""
    if os.geteuid() != 0:
        return False
    probe = f"qlprobe{os.getpid()}"
    try:
        do("ip", "netns", "add", probe)
        try:
            do("ip", "netns", "exec", probe, "nft", "add", "table", "inet", "probe")
        finally:
            do("ip", "netns", "delete", probe)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@pytest.fixture(scope="module")
def school(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    """A gateway and the namespace whose traffic it gets."""
    if not able():
        pytest.skip("needs root, network namespaces and nftables")
    space = table = f"ql{os.getpid()}"
    near, far = f"{space}a"[:15], f"{space}b"[:15]
    folder = tmp_path_factory.mktemp("transparent")
    with_cable = itertools.chain(options(world, folder, 1), ("--transparent", f"{ROUTER}:0"))
    do("ip", "netns", "add", space)
    try:
        do("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", space)
        do("ip", "address", "add", f"{ROUTER}/24", "dev", near)
        do("ip", "link", "set", near, "up")
        for words in (
            f"address add {PUPIL}/24 dev {far}",
            f"link set {far} up",
            f"route add default via {ROUTER}",
        ):
            do("ip", "-n", space, *words.split())
        gateway = start(folder, world.root, with_cable)
        try:
            port = next(
                one.address.port
                for one in gateway.node.listeners
                if one.kind is ListenerKind.TRANSPARENT and one.address.host == ROUTER
            )
            rules = f"""
                table ip {table} {{
                    chain in {{
                        type nat hook prerouting priority dstnat
                        iifname "{near}" ip daddr != {ROUTER} meta l4proto tcp redirect to :{port}
                    }}
                }}
            """
            do("nft", "-f", "-", given=rules)
            yield gateway, space
        finally:
            subprocess.run(["nft", "delete", "table", "ip", table], capture_output=True)
            gateway.stop()
    finally:
        do("ip", "netns", "delete", space)


def from_school(
    school: tuple[Gateway, str], url: str, trust: Path, *more: str, at: str = ELSEWHERE
) -> Answer:
    """curl in the pupils' namespace, which believes every name to be at `at`."""
    return curl(
        url,
        *("--cacert", str(trust), "--connect-to", f"::{at}:", *more),
        seconds=15,
        within=("ip", "netns", "exec", school[1]),
    )


def test_allowed_pages(school: tuple[Gateway, str], world: World) -> None:
    gateway = school[0]
    for scheme, port in (("http", world.http.port), ("https", world.h2.port)):
        url = f"{scheme}://www.allowed.example:{port}/page"
        assert from_school(school, url, gateway.ca).body == page()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_blocked_pages(school: tuple[Gateway, str], scheme: str) -> None:
    got = from_school(school, f"{scheme}://www.blocked.example/", school[0].ca)
    assert got.status == 403
    assert "未成年人网络保护条例" in got.text


def test_never_opened(school: tuple[Gateway, str], world: World) -> None:
    url = f"https://www.bank.example:{world.h1.port}/page"
    assert from_school(school, url, world.root).body == page()


def test_a_forged_name_leads_to_the_name_and_not_to_the_address(
    school: tuple[Gateway, str], world: World
) -> None:
    """The address a client dials is its own claim; the name that was judged is contacted."""
    url = f"http://www.allowed.example:{world.http.port}/page"
    assert from_school(school, url, world.root, at="198.51.100.66").body == page()


def test_inner_addresses_stay_closed(school: tuple[Gateway, str]) -> None:
    got = from_school(school, "http://169.254.169.254/", school[0].ca, at="169.254.169.254")
    assert got.status in (0, 403)
    assert "instance" not in got.text
