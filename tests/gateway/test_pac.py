"""The PAC file, run by a JavaScript engine where one is installed, read as text everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

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


@pytest.mark.browser
def test_every_case_in_a_real_browser(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("install Debian's chromium package: this test runs the PAC file in it")
    hosts = json.dumps([host for host, _ in CASES])
    (tmp_path / "pac.html").write_text(
        f"<pre id=out></pre><script>{pac(PROXY, direct=['school.example.cn'])}"
        f"out.textContent = {hosts}.map(h => FindProxyForURL('', h)).join('|');</script>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"),
            (tmp_path / "pac.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    found = re.search(r'<pre id="out">(.*)</pre>', done.stdout)
    assert found is not None, done
    ways = ["DIRECT" if direct else "PROXY 10.0.0.1:8080" for _, direct in CASES]
    assert dict(zip((h for h, _ in CASES), found[1].split("|"), strict=True)) == dict(
        zip((h for h, _ in CASES), ways, strict=True)
    )
