"""The tables: patterns compile, and no name stands in a table of safe and of unsafe things."""

import re

from audit.probes.linux.known import (
    FAMILIES,
    GROUPS,
    HASHES,
    KNOWN_SUID,
    RISKY,
    SSHD_DEFAULTS,
    USEFUL,
    WEAK,
)


def test_patterns_compile() -> None:
    for pattern in (*USEFUL.values(), *(one for one, _ in RISKY.values())):
        re.compile(pattern)


def test_tables_make_sense() -> None:
    assert set(HASHES.values()) >= WEAK
    assert not set(USEFUL) & set(RISKY)
    assert "sudo" in KNOWN_SUID
    assert "nmap" not in KNOWN_SUID
    assert not set(GROUPS["malware"]) & set(GROUPS["sniffer"])
    assert all(name == name.lower() for name in (*FAMILIES, *SSHD_DEFAULTS))
