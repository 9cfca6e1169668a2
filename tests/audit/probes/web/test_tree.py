"""Files by path, and includes that find each other."""

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.tree import Mode, Tree, decoded, opened, rooted, wide


def test_finding() -> None:
    tree = rooted([("a/nginx/nginx.conf", b"x"), ("nginx.conf", "# 学校门户".encode("gb18030"))])
    assert tree.texts["/nginx.conf"] == "# 学校门户"
    assert tree.find("nginx/nginx.conf") == "/a/nginx/nginx.conf"
    assert tree.find("nginx.conf") == "/nginx.conf"
    assert tree.find("none") == ""


def test_includes() -> None:
    tree = rooted([("etc/nginx/conf.d/a.conf", b""), ("etc/nginx/conf.d/deep/b.conf", b"")])
    assert tree.included("conf.d/*.conf", "/etc/nginx") == ["/etc/nginx/conf.d/a.conf"]
    assert tree.included("/etc/nginx/conf.d/*.conf", "/") == ["/etc/nginx/conf.d/a.conf"]
    part = rooted([("conf.d/a.conf", b"")])
    assert part.included("/etc/nginx/conf.d/*.conf", "/") == ["/conf.d/a.conf"]
    assert part.included("/etc/nginx/other/*.conf", "/") == []


def test_modes_and_gaps() -> None:
    tree = Tree(texts={}, modes={"/k": Mode(mode="0644"), "/l": Mode(mode="0600")},
                unread={"/etc/nginx/x": "denied"})  # fmt: skip
    assert wide(tree, ["/k", "/l", "/m"], 0o640) == ["/k"]
    assert opened(tree, "wide", ["/l"], 0o600) == {"wide": []}
    assert opened(tree, "wide", ["/m"], 0o600) == {}
    assert tree.gaps("nginx")[0]["detail"] == "/etc/nginx/x: denied"
    assert tree.gaps("apache") == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=100), st.text(max_size=30))
def test_any(data: bytes, pattern: str) -> None:
    decoded(data)
    rooted([("a", data)]).included(pattern or "x", "/etc")
