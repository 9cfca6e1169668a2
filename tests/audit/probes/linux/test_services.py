"""Services, sockets, firewall, shares: of a loose and of a hardened host."""

from audit.probes.linux.services import firewall, listening, services, shares
from tests.audit.seen import facts, seen


def test_what_nobody_should_need() -> None:
    assert facts("centos7")["services"]["risky_on"] == ["ftp", "nfs", "rpcbind", "snmp", "telnet"]
    assert facts("openeuler2203")["services"]["risky_on"] == []
    assert facts("openeuler2203")["services"]["risky"]["telnet"] == {
        "installed": True, "enabled": False, "running": False, "listening": False, "on": False
    }  # fmt: skip
    assert facts("openeuler2203")["services"]["known"]["auditd"]["running"]


def test_services_of_sysv_and_inetd() -> None:
    found = services(
        seen(sysvinit="/etc/init.d/cron\n/etc/rc3.d/S02cron\n/etc/rc3.d/K01nfs",
             inetd={"/etc/inetd.conf": "telnet stream tcp nowait root in.telnetd"})
    )  # fmt: skip
    assert found["manager"] == "sysvinit"
    assert found["known"]["cron"]["enabled"]
    assert found["risky"]["telnet"]["enabled"]
    assert not found["risky"]["nfs"]["enabled"]


def test_sockets() -> None:
    found = facts("centos7")["listening"]
    assert found["outside_tcp"] == [21, 23, 111, 2375]
    assert found["high_risk"] == [21, 23, 111, 2375]
    assert 3306 in found["tcp"]
    assert listening(seen(sockets="junk\ntcp LISTEN 0 5 %lo:x *:*"))["tcp"] == []


def test_firewalls() -> None:
    assert facts("openeuler2203")["firewall"]["input_default_drop"]
    assert facts("ubuntu2204")["firewall"]["active"]
    assert not facts("centos7")["firewall"]["active"]
    zone = {"/etc/firewalld/zones/trusted.xml": '<zone target="ACCEPT"></zone>'}
    assert firewall(seen(firewalld=zone))["firewalld_target"] == {"trusted": "ACCEPT"}


def test_shares() -> None:
    found = facts("centos7")["shares"]
    assert found["nfs_to_all"] == ["/data"]
    assert found["samba_guest"]
    assert found["ftp_anonymous"]
    assert found["snmp_default_community"]
    assert shares(seen())["nfs_exports"] == 0


def test_vsftpd_lets_anybody_in_where_its_file_is_silent() -> None:
    assert shares(seen(vsftpd={"/etc/vsftpd.conf": "listen=YES\n"}))["ftp_anonymous"] is True
    assert (
        shares(seen(vsftpd={"/etc/vsftpd.conf": "anonymous_enable=NO"}))["ftp_anonymous"] is False
    )
    assert shares(seen(vsftpd={}))["ftp_anonymous"] is False
