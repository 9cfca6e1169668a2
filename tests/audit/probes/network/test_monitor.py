"""SNMP, time, log."""

from audit.probes.network.monitor import logging, snmp, time
from audit.probes.network.sections import config


def test_a_scrambled_community_cannot_be_read() -> None:
    made = config("vrp", ["snmp-agent", "snmp-agent community read cipher xyz"])
    assert "default_communities" not in snmp(made)
    assert (
        snmp(config("ios", ["snmp-server community s3cret RO 10"]))["communities_without_acl"] == 0
    )


def test_nothing_is_written_so_nothing_is_there() -> None:
    made = config("ios", ["hostname a", "interface b", " shutdown"])
    assert snmp(made)["enabled"] is False
    assert time(made)["servers"] == 0
    assert logging(made)["hosts"] == 0
