"""The tree of a configuration, indented or not."""

from audit.probes.network.sections import config, tree

NESTED = ["aaa", " authentication-scheme a", "  authentication-mode local", " local-user b", "#",
          "ospf 1"]  # fmt: skip


def test_what_stands_indented_belongs_above() -> None:
    aaa, ospf = tree(NESTED)
    assert [one.text for one in aaa.inner] == ["authentication-scheme a", "local-user b"]
    assert [one.text for one in aaa.deep()][1] == "authentication-mode local"
    assert ospf.inner == []


def test_without_indentation_views_are_known_by_name() -> None:
    found = tree(["interface A1", "shutdown", "quit", "sysname x", "line vty 0 4", "acl 1 in", "!"])
    assert [one.text for one in found] == ["interface A1", "sysname x", "line vty 0 4"]
    assert found[0].has("shutdown")


def test_lines_are_found_by_alternatives() -> None:
    made = config("vrp", ["undo telnet server enable", "snmp-agent", "ssh2 x", "ip http enable"])
    assert made.switch(r"telnet server enable|stelnet") is False
    assert made.switch(r"http enable|ip http enable") is True
    assert made.switch(r"ftp") is None
    assert made.has(r"snmp-(?:agent|server)")
    assert made.has(r"(?:nothing|ssh2)")
    assert made.first(r"ssh2? (\S)") is not None
