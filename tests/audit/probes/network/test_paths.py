"""Routes, zones, and what commands said."""

from audit.probes.network.paths import boundary, load, redundancy, routing
from audit.probes.network.sections import config


def test_two_default_routes_are_two_uplinks() -> None:
    made = config(
        "ios", ["ip route 0.0.0.0 0.0.0.0 192.0.2.1", "ip route 0.0.0.0 0.0.0.0 192.0.2.2"]
    )
    assert redundancy(made, routing(made))["any"] is True
    assert boundary(made)["zones"] == 0


def test_load() -> None:
    busy = "five seconds: 5%/0%; one minute: 6%; five minutes: 7%"
    links = "reliability 255/255, txload 51/255, rxload 1/255"
    found = load({"show processes cpu": [busy], "show interfaces": [links]})
    assert found == {"processor_percent": 7, "busiest_link_percent": 20.0}
