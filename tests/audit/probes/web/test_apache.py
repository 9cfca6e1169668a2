"""httpd sections: virtual hosts, inheritance, and what is half-written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.apache import document
from audit.probes.web.tree import rooted

TLS = "<VirtualHost *:443>\nSSLEngine on\n{}\n</VirtualHost>"


def facts(text: str) -> dict[str, object]:
    found = document(rooted([("etc/httpd/conf/httpd.conf", text.encode())]))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("ServerTokens Prod", "tokens", "prod"),
        ("", "trace", "on"),
        (TLS.format("SSLProtocol all"), "old_protocols", ["*:443"]),
        (TLS.format("SSLProtocol -all +TLSv1.2"), "old_protocols", []),
        (TLS.format("SSLProtocol TLSv1.2 TLSv1.3"), "old_protocols", []),
        (TLS.format("SSLCipherSuite HIGH:!aNULL"), "weak_ciphers", []),
        (TLS.format("SSLCipherSuite RC4-SHA"), "weak_ciphers", ["*:443"]),
        ("Header set Strict-Transport-Security x\n" + TLS.format(""), "no_hsts", []),
        ("<Directory /var>\nOptions -Indexes\n</Directory>", "listings", []),
        ("<Directory /var>\nOptions Indexes\n</Directory>", "listings", ["directory /var"]),
        ("<Directory />\nOrder deny,allow\nDeny from all\n</Directory>", "root_denied", True),
        ("LoadModule dav_module m/dav.so", "risky_modules", ["dav"]),
        ("CustomLog l combined", "log_fields", ["address", "request", "status", "time", "user"]),
        ('<Location /s>\nSetHandler server-status\nRequire local\n</Location>', "status_open", []),
        ("<IfModule x>\nUser root\n</IfModule>", "user_root", True),
        ("<VirtualHost a:80>\nRedirect / https://a/\n</VirtualHost>", "plain", []),
    ],
)  # fmt: skip
def test_facts(text: str, key: str, value: object) -> None:
    assert facts(text)[key] == value


def test_missing_and_broken() -> None:
    found = facts("Include gone.conf\n<Directory />\nAllowOverride All\n")
    said = " ".join(one["detail"] for one in found["gaps"])  # type: ignore[attr-defined]
    assert "gone.conf" in said
    assert "pair" in said
    assert document(rooted([])) is None


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet="<>/# \"'\\\nVirtualHost*:80IncludeSSLEngine on${}", max_size=80))
def test_any_text(text: str) -> None:
    assert facts(text)["platform"] == "apache"
