"""The table of suites: names, weakness, SM."""

import pytest

from audit.probes.handshake.suites import NAMES, OLDER, TLS13, forward, name, national, weak


def test_numbers() -> None:
    assert name(0xC02F) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert name(0xE013) == "ECC_SM4_CBC_SM3"
    assert name(0x00C6) == "TLS_SM4_GCM_SM3"
    assert name(0x7777) == "0x7777"
    assert len(set(NAMES.values())) == len(NAMES)
    assert not {*OLDER} & {*TLS13}


@pytest.mark.parametrize(
    ("kind", "suite"),
    [
        ("null", "TLS_RSA_WITH_NULL_SHA"),
        ("anonymous", "TLS_DH_anon_WITH_AES_128_CBC_SHA"),
        ("export", "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
        ("rc4", "TLS_RSA_WITH_RC4_128_SHA"),
        ("des", "TLS_RSA_WITH_DES_CBC_SHA"),
        ("triple_des", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("md5", "TLS_RSA_WITH_RC4_128_MD5"),
    ],
)
def test_weak(kind: str, suite: str) -> None:
    assert suite in OLDER.values()
    assert weak([suite, "TLS_AES_128_GCM_SHA256"])[kind] == [suite]


def test_what_is_strong_is_not_weak() -> None:
    assert not any(weak([*TLS13.values(), name(0xC030), name(0xE013)]).values())


def test_forward_and_national() -> None:
    assert forward("TLS_AES_128_GCM_SHA256")
    assert forward(name(0xC02F))
    assert not forward(name(0x009C))
    assert national(name(0xE051))
    assert not national(name(0xC02F))
