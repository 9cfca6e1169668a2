"""Our leaves, and the one thing upstream TLS never does: accept what does not verify."""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from OpenSSL import SSL

from gateway import authority
from gateway.mitm.tls import LEAF_DAYS, STORE, Authority, Upstream


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("ca")
    authority.ensure(folder, datetime.now(UTC))
    return (folder / authority.Generation.CURRENT).read_bytes()


@pytest.mark.parametrize(
    "name", ["www.example.cn", "xn--fsqu00a.xn--fiqs8s", "a" * 63 + ".example"]
)
def test_leaves_name_the_host(pem: bytes, name: str) -> None:
    leaf = Authority(pem).leaf(name)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert life.days <= LEAF_DAYS + 3
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(pem))


@pytest.mark.parametrize("name", ["192.0.2.7", "2001:db8::1"])
def test_leaves_for_addresses(pem: bytes, name: str) -> None:
    names = (
        Authority(pem).leaf(name).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    )
    assert names.value.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address(name)]


def test_contexts_are_kept_and_bounded(pem: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Authority(pem)
    assert found.context("a.example") is found.context("a.example")
    monkeypatch.setattr("gateway.mitm.tls.STORE", 20)
    for number in range(100):
        found.context(f"{number}.example")
    assert len(found._contexts) <= 20 < STORE


def test_the_leaf_key_is_not_the_ca_key(pem: bytes) -> None:
    leaf = Authority(pem).leaf("a.example")
    assert leaf.public_key() != x509.load_pem_x509_certificate(pem).public_key()


def test_a_missing_root_file_is_loud(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r".*"):
        Upstream(tmp_path / "none.pem")


@pytest.mark.parametrize("name", ["例子.中国", "a" * 300, ""])
def test_names_that_cannot_be_verified(name: str) -> None:
    with pytest.raises((ValueError, UnicodeError)):
        Upstream().connection(name, ())


def test_no_sessions_are_kept_per_name(pem: bytes) -> None:
    """Thousands of names with a cache each would grow; tickets need none."""
    context = Authority(pem).context("www.example.com")
    assert context.get_session_cache_mode() == SSL.SESS_CACHE_OFF
