"""The CA folder: permissions, rotation with overlap, damage, and that a chain really verifies."""

from __future__ import annotations

import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway import authority
from gateway.authority import NAME, Generation
from rules.load import WorldError

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_first_start_makes_a_ca_that_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "ca"
    made = authority.ensure(folder, NOW)
    assert mode(folder) == 0o700
    assert mode(folder / "mitmproxy-ca.pem") == 0o600
    assert mode(folder / "mitmproxy-dhparam.pem") == 0o600
    assert b"PRIVATE" not in (folder / "qinglang-ca.pem").read_bytes()
    assert b"PRIVATE" not in (folder / "qinglang-ca.crt").read_bytes()
    assert made.current.days_left(NOW) > 3600
    assert (made.next, made.previous) == (None, None)
    assert not list(folder.glob("*.tmp"))


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    folder.mkdir(mode=0o755)
    authority.ensure(folder, NOW)
    assert mode(folder) == 0o700


def test_the_certificate_is_a_ca_for_tls_servers_only(tmp_path: Path) -> None:
    made = authority.ensure(tmp_path, NOW)
    certificate = x509.load_pem_x509_certificate(made.current.pem)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == NAME
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.not_valid_before_utc < NOW - timedelta(days=1)


def test_two_districts_are_told_apart_by_name(tmp_path: Path) -> None:
    one = authority.ensure(tmp_path / "one", NOW).current
    two = authority.ensure(tmp_path / "two", NOW).current
    names = {x509.load_pem_x509_certificate(c.pem).subject.rfc4514_string() for c in (one, two)}
    assert len(names) == 2
    assert one.fingerprint != two.fingerprint


def test_starting_again_keeps_everything(tmp_path: Path) -> None:
    first = authority.ensure(tmp_path, NOW)
    assert authority.ensure(tmp_path, NOW + timedelta(days=400)) == first


def test_rotation_overlaps(tmp_path: Path) -> None:
    old = authority.ensure(tmp_path, NOW).current
    signing = (tmp_path / "mitmproxy-ca.pem").read_bytes()

    prepared = authority.rotate(tmp_path, NOW)
    assert prepared.current == old
    assert prepared.next is not None
    assert (tmp_path / "mitmproxy-ca.pem").read_bytes() == signing
    assert mode(tmp_path / "next-ca.pem") == 0o600
    assert (tmp_path / "qinglang-ca-next.pem").read_bytes() == prepared.next.pem
    assert authority.rotate(tmp_path, NOW) == prepared  # devices may have learnt it

    switched = authority.activate(tmp_path)
    assert switched.current.fingerprint == prepared.next.fingerprint
    assert switched.previous is not None
    assert switched.previous.fingerprint == old.fingerprint
    assert switched.next is None
    assert not (tmp_path / "qinglang-ca-next.pem").exists()
    assert (tmp_path / "qinglang-ca.pem").read_bytes() == prepared.next.pem
    assert mode(tmp_path / "previous-ca.pem") == 0o600
    bundle = x509.load_pem_x509_certificates((tmp_path / "qinglang-ca-bundle.pem").read_bytes())
    assert len(bundle) == 2


def test_an_activation_that_stopped_half_way_can_be_repeated(tmp_path: Path) -> None:
    authority.ensure(tmp_path, NOW)
    prepared = authority.rotate(tmp_path, NOW)
    (tmp_path / Generation.PREVIOUS).write_bytes((tmp_path / Generation.CURRENT).read_bytes())
    assert authority.load(tmp_path) == prepared
    switched = authority.activate(tmp_path)
    assert prepared.next is not None
    assert switched.current.fingerprint == prepared.next.fingerprint


def test_activation_without_a_prepared_one_is_refused(tmp_path: Path) -> None:
    before = authority.ensure(tmp_path, NOW)
    with pytest.raises(WorldError, match="ca rotate"):
        authority.activate(tmp_path)
    assert authority.load(tmp_path) == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff" * 1000, id="binary"),
        pytest.param("清朗".encode(), id="text"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", id="bad-der"
        ),
    ],
)
def test_a_damaged_ca_is_said_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    authority.ensure(tmp_path, NOW)
    (tmp_path / Generation.CURRENT).write_bytes(content)
    with pytest.raises(WorldError, match=r"mitmproxy-ca\.pem"):
        authority.ensure(tmp_path, NOW)
    assert (tmp_path / Generation.CURRENT).read_bytes() == content


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    authority.ensure(tmp_path / "a", NOW)
    authority.ensure(tmp_path / "b", NOW)
    key = (tmp_path / "b" / Generation.CURRENT).read_bytes().split(b"-----BEGIN CERT")[0]
    mixed = key + (tmp_path / "a" / "qinglang-ca.pem").read_bytes()
    (tmp_path / "a" / Generation.CURRENT).write_bytes(mixed)
    with pytest.raises(WorldError, match="does not belong"):
        authority.load(tmp_path / "a")


def test_no_ca_yet(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no CA"):
        authority.load(tmp_path)


def test_openssl_accepts_the_root_and_a_leaf_under_it(tmp_path: Path) -> None:
    authority.ensure(tmp_path, datetime.now(UTC))
    raw = (tmp_path / Generation.CURRENT).read_bytes()
    ca, key = x509.load_pem_x509_certificate(raw), serialization.load_pem_private_key(raw, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .serial_number(7)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.test")]))
        .issuer_name(ca.subject)
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .public_key(leaf_key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    said = subprocess.run(
        ["openssl", "verify", "-purpose", "sslserver", "-CAfile", "qinglang-ca.pem", "leaf.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == "leaf.pem: OK", said
    assert len(ssl.create_default_context(cafile=tmp_path / "qinglang-ca.pem").get_ca_certs()) == 1


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = authority.ensure_keys(folder)
    assert authority.ensure_keys(folder) == first == authority.read_keys(folder)
    assert len(first.pseudonym) == len(first.ticket) == 32
    assert first.pseudonym != first.ticket
    assert (mode(folder), mode(folder / "ticket.key")) == (0o700, 0o600)


def test_a_short_or_missing_key_is_said(tmp_path: Path) -> None:
    authority.ensure_keys(tmp_path)
    (tmp_path / "ticket.key").write_bytes(b"short")
    with pytest.raises(WorldError, match="32"):
        authority.ensure_keys(tmp_path)
    (tmp_path / "ticket.key").unlink()
    with pytest.raises(WorldError, match="ticket"):
        authority.read_keys(tmp_path)
