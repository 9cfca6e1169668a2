"""Interfaces and VLANs."""

from audit.probes.network.ports import ports, vlans
from audit.probes.network.sections import config


def test_counts() -> None:
    lines = ["vlan batch 2 to 5 9", "interface GigabitEthernet0/0/1", " port link-type access",
             "interface Vlanif2", " ip address 192.0.2.1 24"]  # fmt: skip
    made = config("vrp", lines)
    assert (ports(made)["physical"], ports(made)["access_in_vlan_1"]) == (1, 1)
    assert (vlans(made)["count"], vlans(made)["gateways"]) == (5, 1)
