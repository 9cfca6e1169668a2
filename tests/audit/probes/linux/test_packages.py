"""Packages of both kinds, what waits, and sources nobody signed."""

from audit.probes.linux.packages import packages
from tests.audit.seen import facts, seen


def test_both_kinds() -> None:
    assert facts("debian12")["packages"]["manager"] == "dpkg"
    assert facts("openeuler2203")["packages"]["manager"] == "rpm"
    assert facts("openeuler2203")["packages"]["groups"]["integrity"] == ["aide"]
    assert facts("centos7")["packages"]["groups"]["insecure_server"] == ["telnet-server", "vsftpd"]


def test_what_waits() -> None:
    assert facts("uos20")["packages"]["pending_security"] == 1
    assert facts("ubuntu2204")["packages"]["pending"] == 0
    assert facts("centos7")["packages"]["pending"] is None


def test_sources() -> None:
    assert facts("uos20")["packages"]["sources_unsigned"] == ["http://packages.example.edu/server"]
    assert facts("centos7")["packages"]["sources_plain_http"] == 1
    assert len(facts("centos7")["packages"]["sources_unsigned"]) == 1
    assert facts("ubuntu2204")["packages"]["automatic"]
    assert facts("openeuler2203")["packages"]["gpgcheck"] is True


def test_removed_packages_are_not_there() -> None:
    found = packages(seen(dpkg="ii  a.b 1\nrc  old 2\nbroken"))
    assert found["installed"] == {"a_b": "1"}
