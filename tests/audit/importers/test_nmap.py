"""nmap: open ports are facts; a verdict takes a list and a whole scan."""

from __future__ import annotations

import pytest

from audit.importers.model import RefusedError
from audit.importers.nmap import Expected, against
from audit.model import State, Why
from rules.load import loads
from tests.audit.importers.recorded import of, recording


def scan(state: str = "open", count: int = 65535, end: str = "success") -> bytes:
    return (
        f'<nmaprun scanner="nmap"><scaninfo protocol="tcp" numservices="{count}"/><host>'
        '<status state="up"/><address addr="192.0.2.7" addrtype="ipv4"/><hostnames>'
        '<hostname name="web01"/></hostnames><ports><port protocol="tcp" portid="23">'
        f'<state state="{state}"/><service name="telnet"/></port></ports></host>'
        f'<runstats><finished exit="{end}"/></runstats></nmaprun>'
    ).encode()


def test_a_recorded_scan() -> None:
    found = recording("nmap.xml")
    (finding,) = found.findings
    assert (finding.state, finding.why, finding.target) == (
        State.UNKNOWN, Why.PENDING, "127.0.0.1",
    )  # fmt: skip
    (port,) = found.facts["127.0.0.1"]["ports"]
    assert port["port"] == "tcp/18099"
    assert port["name"] == "http"


@pytest.mark.parametrize(
    ("data", "hosts", "state"),
    [
        (scan(), "{web01: [tcp/23]}", State.PASS),
        (scan(), '{"192.0.2.7": [tcp/22]}', State.FAIL),
        (scan(), '{"*": []}', State.FAIL),
        (scan(), "{ours: []}", State.FAIL),
        (scan(), "{other: []}", State.UNKNOWN),
        (scan(count=1000), "{web01: [tcp/23]}", State.UNKNOWN),
        (scan("open|filtered"), "{web01: []}", State.UNKNOWN),
        (scan("closed"), "{web01: []}", State.PASS),
    ],
)
def test_against_a_list(data: bytes, hosts: str, state: State) -> None:
    expected = loads(Expected, f"hosts: {hosts}", "f")
    (finding,) = against(of(data), expected, {"192.0.2.7": "ours"}).findings
    assert finding.state is state


def test_hosts_that_are_down_and_scans_that_broke() -> None:
    down = scan().replace(b'state="up"', b'state="down"')
    (finding,) = against(of(down), Expected(hosts={"*": ()}), {}).findings
    assert (finding.state, finding.why) == (State.UNKNOWN, Why.ERROR)
    assert "did not end" in of(scan(end="error")).notices[0]
    with pytest.raises(RefusedError, match="no XML of nmap"):
        of(b"<a/>", "nmap")
