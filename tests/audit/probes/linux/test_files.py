"""Permissions, privileged programs, what is open to everybody."""

from audit.probes.linux.files import exposure, files, programs
from tests.audit.seen import facts, seen


def test_modes_by_path() -> None:
    found = facts("centos7")["files"]
    assert found["etc/passwd"]["other_writable"]
    assert found["etc/shadow"]["other_readable"]
    assert found["etc/cron_allow"] == {"path": "/etc/cron.allow", "exists": False}
    assert found["slash"]["mode"] == "0755"
    assert facts("openeuler2203")["files"]["etc/shadow"]["mode"] == "0000"


def test_privileged_programs() -> None:
    found = facts("centos7")["programs"]
    assert found["unusual"] == ["/opt/app/helper", "/opt/app/run"]
    assert found["writable"] == ["/opt/app/run"]
    assert found["suid_count"] == 3
    assert facts("openeuler2203")["programs"]["unusual"] == []


def test_open_to_everybody() -> None:
    found = facts("centos7")["exposure"]
    assert found["world_writable"] == ["/opt/app"]  # the one with a sticky bit is none
    assert found["unowned"] == ["/srv/left.txt"]


def test_lines_that_make_no_sense() -> None:
    assert files(seen(modes="x\n999 0 0 a b 1 1 file|/x\n644 0|/y")) == {}
    assert programs(seen(suid="zz\n47zz root root /usr/bin/a b"))["suid_count"] == 0
    assert exposure(seen(world_writable="")) == {
        "world_writable": [], "world_writable_count": 0, "unowned": [], "unowned_count": 0
    }  # fmt: skip
