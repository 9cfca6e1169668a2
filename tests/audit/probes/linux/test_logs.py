"""Audit rules, where logs go, how long they are kept, and whether clocks agree."""

import pytest

from audit.probes.linux.logs import log_files, logrotate, syslog, time
from tests.audit.seen import facts, seen


def test_audit_rules() -> None:
    found = facts("openeuler2203")["audit"]
    assert found["source"] == "loaded"
    assert found["immutable"]
    assert found["capacity_mb"] == 6000
    assert all(found["covers"][name] for name in ("passwd", "sudoers", "time_change", "deletion"))
    assert not found["covers"]["commands"]
    assert facts("kylinv10")["audit"]["covered"] == 2
    assert facts("centos7")["audit"]["installed"] is False


@pytest.mark.parametrize(
    ("text", "host", "transport", "tls"),
    [
        ("*.* @192.0.2.1", "192.0.2.1", "udp", False),
        ("*.* @@(z9)log.example.edu:514;RSYSLOG_Format", "log.example.edu:514", "tcp", False),
        ("auth.* -@log", "log", "udp", False),
        (
            '*.* action(type="omfwd" target="a" protocol="tcp"\n StreamDriver="gtls")',
            "a",
            "tcp",
            True,
        ),
        ('action(type="omrelp" target="b" tls="on")', "b", "relp", True),
        ('destination d { tcp("c" port(514)); };', "c", "tcp", False),
    ],
)
def test_remote_logs(text: str, host: str, transport: str, tls: bool) -> None:
    found = syslog(seen(syslog={"/etc/rsyslog.conf": text}))["remote"]
    assert found == [{"host": host, "transport": transport, "tls": tls}]


def test_local_logs() -> None:
    found = syslog(seen(syslog={"/etc/rsyslog.conf": "# *.* @x\nauthpriv.* /var/log/secure"}))
    assert (found["sent_away"], found["logs_auth"], found["logs_cron"]) == (False, True, False)
    assert facts("openeuler2203")["log_files"]["oldest_days"] == 178
    assert facts("centos7")["log_files"]["other_writable"] == ["/var/log/messages"]


@pytest.mark.parametrize(
    ("host", "days"), [("openeuler2203", 210), ("ubuntu2204", 190), ("centos7", 28), ("uos20", 180)]
)
def test_days_kept(host: str, days: int) -> None:
    assert facts(host)["logrotate"]["system_days"] == days


def test_rotation_by_size_has_no_days() -> None:
    text = "/var/log/syslog {\n size 10M\n rotate 5\n}"
    assert logrotate(seen(logrotate={"/etc/logrotate.d/x": text}))["system_days"] is None


def test_clocks() -> None:
    assert facts("openeuler2203")["time"]["synchronised"]
    assert facts("openeuler2203")["time"]["zone"] == "Asia/Shanghai"
    assert facts("openeuler2203")["time"]["stratum"] == 3
    assert facts("uos20")["time"]["servers"] == ["ntp.example.edu"]
    assert time(seen())["configured"] is False


def test_owners_of_logs_are_numbers() -> None:
    listed = "640 0 4 9 1 f /var/log/syslog\n640 104 4 9 1 f /var/log/auth.log\n640 7 4 9 1 f /var/log/secure"  # noqa: E501
    passwd = {"/etc/passwd": "syslog:x:104:110::/home/syslog:/usr/sbin/nologin"}
    assert log_files(seen(log_files=listed, passwd=passwd))["not_root"] == ["/var/log/secure"]
