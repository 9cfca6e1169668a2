"""Every row of `rules/evasions/`, fired at the running gateway: what it catches, what it lets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rules.evasions import Row, load_evasions
from tests.conftest import World
from tests.running import Gateway
from tests.shots import DRIVERS, ECHO, SEND, Range, do, told

pytestmark = pytest.mark.wire

RULES = Path(__file__).parents[2] / "deploy" / "nftables" / "qinglang.nft"
ROWS = {f"{family.id}/{row.id}": row for family in load_evasions().values() for row in family.rows}


def able() -> bool:
    """May this process make namespaces and load nftables rules?"""
    if os.geteuid() != 0:
        return False
    probe = f"qlev{os.getpid()}p"
    try:
        do("ip", "netns", "add", probe)
        do("ip", "netns", "exec", probe, "nft", "add", "table", "inet", "probe")
    except (OSError, subprocess.SubprocessError):
        return False
    finally:
        subprocess.run(["ip", "netns", "delete", probe], capture_output=True)
    return True


@pytest.fixture(scope="module")
def router() -> Iterator[Callable[[int], bool]]:
    """A pupil, a router with the shipped rules, and the world outside: three namespaces."""
    if not able():
        pytest.skip("needs root, network namespaces and nftables")
    pupil, middle, outside = (f"qlev{os.getpid()}{letter}" for letter in "abc")
    spaces = [pupil, middle, outside]
    echo = None
    try:
        for space in spaces:
            do("ip", "netns", "add", space)
        for inner, name, far, there in (
            ("lan0", middle, "eth0", pupil),
            ("wan0", middle, "eth0", outside),
        ):
            do(
                "ip",
                "-n",
                name,
                "link",
                "add",
                inner,
                "type",
                "veth",
                "peer",
                "name",
                far,
                "netns",
                there,
            )
        for space, link, address in (
            (middle, "lan0", "10.213.78.1/24"),
            (middle, "wan0", "10.214.78.1/24"),
            (pupil, "eth0", "10.213.78.2/24"),
            (outside, "eth0", "10.214.78.2/24"),
        ):
            do("ip", "-n", space, "address", "add", address, "dev", link)
            do("ip", "-n", space, "link", "set", link, "up")
        do("ip", "-n", pupil, "route", "add", "default", "via", "10.213.78.1")
        do("ip", "-n", outside, "route", "add", "default", "via", "10.214.78.1")
        inside = ("ip", "netns", "exec", middle)
        do(*inside, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        rules = RULES.read_text().replace('gateway_uid = "qinglang"', 'gateway_uid = "root"')
        do(*inside, "nft", "-f", "-", given=rules)
        do(*inside, "nft", "add", "element", "inet", "qinglang", "closed", '{ "lan0" }')
        echo = subprocess.Popen(
            ["ip", "netns", "exec", outside, sys.executable, "-c", ECHO],
            stdout=subprocess.PIPE,
            text=True,
        )
        if echo.stdout is None or echo.stdout.readline() != "ready\n":
            raise RuntimeError("the outside does not listen")

        def rejected(port: int) -> bool:
            said = do("ip", "netns", "exec", pupil, sys.executable, "-c", SEND, str(port))
            return said.strip() == "rejected"

        yield rejected
    finally:
        if echo is not None:
            echo.terminate()
            echo.communicate(timeout=10)
        for space in spaces:
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)


@pytest.fixture
def on(gateway: Gateway, world: World, request: pytest.FixtureRequest) -> Range:
    row: Row = request.node.callspec.params["row"]
    if row.wire == "router":
        return Range(gateway, world, request.getfixturevalue("router"))
    return Range(gateway, world)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_row_over_the_wire(on: Range, row: Row) -> None:
    fire = DRIVERS[row.wire]
    escaped = [told(shot) for shot in row.catch if not fire(on, shot)]
    stopped = [told(shot) for shot in row.let if fire(on, shot)]
    assert (escaped, stopped) == ([], [])
