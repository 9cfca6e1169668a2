"""nginx sections: inheritance, includes, and what is half-written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.nginx import document
from audit.probes.web.tree import rooted


def facts(text: str, **more: str) -> dict[str, object]:
    files = {"etc/nginx/nginx.conf": text, **{k.replace("__", "/"): v for k, v in more.items()}}
    found = document(rooted((path, one.encode()) for path, one in files.items()))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("inner", "key", "value"),
    [
        ("server_tokens off; server { listen 80; }", "version_shown", []),
        ("server { listen 80; location / { autoindex on; } }", "listings", ["_:80 /"]),
        ("autoindex on; server { listen 80; autoindex off; }", "listings", []),
        ("server { listen 443 ssl; ssl_protocols TLSv1.3; }", "old_protocols", []),
        ("ssl_protocols TLSv1; server { listen 443 ssl; }", "old_protocols", ["_:443"]),
        ("server { listen 443 ssl; ssl_ciphers HIGH:!aNULL:!MD5; }", "weak_ciphers", []),
        ("server { listen 443 ssl; ssl_ciphers ALL; }", "weak_ciphers", ["_:443"]),
        ("server { listen 80; return 301 https://$host; }", "plain", []),
        ("server { listen 80; if ($x) { rewrite ^ https://a/; } }", "plain", []),
        ("server { listen 80; }", "plain", ["_:80"]),
        ("server { location /a { alias /b/; } }", "alias_slips", ["_:80 /a"]),
        ("server { location /a/ { alias /b/; } }", "alias_slips", []),
        ("server { location = /s { stub_status; } }", "status_open", ["_:80 = /s"]),
        ("server { proxy_pass http://127.0.0.1:80; }", "plain_upstreams", []),
        ("server { location / { proxy_pass http://1.1.1.1/; } }", "plain_upstreams", ["1.1.1.1"]),
        ("log_format a '$status'; access_log l a; server { }", "log_fields", ["status"]),
        ("server { access_log off; }", "log_off", ["_:80"]),
        ('add_header X-Frame-Options "DENY"; server { add_header A b; }', "no_frame", ["_:80"]),
    ],
)  # fmt: skip
def test_facts(inner: str, key: str, value: object) -> None:
    assert facts(f"user www; http {{ {inner} }}")[key] == value


def test_includes_missing_and_broken() -> None:
    text = "http { include conf.d/*.conf; include gone.conf; include mime.types;"
    found = facts(text, etc__nginx__conf_d="x")
    said = [one["detail"] for one in found["gaps"]]  # type: ignore[attr-defined]
    assert "include gone.conf" in said
    assert any("braces" in one for one in said)
    loop = facts("http { include nginx.conf; }")
    assert loop["files"] == ["/etc/nginx/nginx.conf"]


def test_a_default_that_depends_on_the_version_is_a_gap() -> None:
    found = facts("http { server { listen 443 ssl; } }")
    assert [one["path"] for one in found["gaps"]] == ["old_protocols"]  # type: ignore[attr-defined]


def test_there_is_none() -> None:
    assert document(rooted([])) is None


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet="{};# \"'\nabserver listen80httpinclude", max_size=80))
def test_any_text(text: str) -> None:
    assert facts(text)["platform"] == "nginx"
    assert facts(f"http {{ server {{ {text} }} }}")["platform"] == "nginx"
