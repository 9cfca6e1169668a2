"""The PAC file, run by a JavaScript engine where one is installed, read as text everywhere."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from gateway.node import Address
from gateway.pac import pac

PROXY = Address(host="10.0.0.1", port=8080)

CASES = [
    ("www.example.com", False),
    ("gambling.test.qinglang.invalid", False),
    ("8.8.8.8", False),
    ("172.32.0.1", False),
    ("100.63.0.1", False),
    ("2001:db8::1", False),
    ("[2001:db8::1]", False),
    ("notlocal", True),
    ("printer", True),
    ("printer.local", True),
    ("PRINTER.LOCAL", True),
    ("printer.local.", True),
    ("evillocal.example", False),
    ("10.1.2.3", True),
    ("172.16.0.1", True),
    ("172.31.255.255", True),
    ("192.168.1.1", True),
    ("169.254.1.1", True),
    ("100.64.0.1", True),
    ("127.0.0.1", True),
    ("::1", True),
    ("[fd00::1]", True),
    ("fe80::1", True),
    ("school.example.cn", True),
    ("www.school.example.cn", True),
    ("myschool.example.cn", False),
    ("10.1.2.3.example.com", False),
    ("", True),
]


def test_it_says_what_it_must() -> None:
    text = pac(PROXY, direct=["School.Example.CN."])
    assert "function FindProxyForURL(url, host)" in text
    assert '"PROXY 10.0.0.1:8080"' in text
    assert '"school.example.cn"' in text
    assert "dnsResolve" not in text
    assert "isInNet" not in text
    assert text.isascii() is False
    assert text.count("{") == text.count("}")


def test_falling_back_is_a_choice() -> None:
    assert "; DIRECT" not in pac(PROXY)
    assert '"PROXY [fd00::1]:80; DIRECT"' in pac(Address(host="fd00::1", port=80), fallback=True)


@pytest.mark.wire
def test_every_case_in_a_javascript_engine() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("install Debian's nodejs package: this test runs the PAC file")
    text = pac(PROXY, direct=["school.example.cn"])
    hosts = json.dumps([host for host, _ in CASES])
    script = f"{text}\nconsole.log(JSON.stringify({hosts}.map(h => FindProxyForURL('', h))))"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True)
    ways = ["DIRECT" if direct else "PROXY 10.0.0.1:8080" for _, direct in CASES]
    assert dict(zip((h for h, _ in CASES), json.loads(done.stdout), strict=True)) == dict(
        zip((h for h, _ in CASES), ways, strict=True)
    )
