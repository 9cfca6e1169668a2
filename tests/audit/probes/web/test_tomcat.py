"""Tomcat's XML: passwords only by kind, bombs refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.tomcat import document, weak
from audit.probes.web.tree import Tree, rooted


@pytest.mark.parametrize(
    ("name", "secret", "is_weak"),
    [
        ("a", "", True),
        ("admin", "admin", True),
        ("ops", "Tr0ub4dor&3x", False),
        ("ops", "alllowercaseletters", True),
        ("ops", "9f86d081884c7d659a2feaa0c55ad015", False),
    ],
)
def test_weak(name: str, secret: str, is_weak: bool) -> None:
    assert weak(name, secret) is is_weak


def test_what_the_collector_hid_is_a_gap() -> None:
    users = '<tomcat-users><user username="a" password="(hidden)" roles="x"/></tomcat-users>'
    tree = Tree(texts={"/t/server.xml": "<Server/>", "/t/tomcat-users.xml": users}, cleared=True)
    found = document(tree)
    assert found is not None
    assert "weak" not in found["users"]
    assert {"users.weak", "web"} <= {one["path"] for one in found["gaps"]}


def test_bombs_and_broken_files_are_gaps() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><Server>&c;</Server>'
    for text in (bomb, "<Server", "", "\x00"):
        found = document(rooted([("conf/server.xml", text.encode())]))
        assert found is not None
        assert any(one["path"] == "" for one in found["gaps"])
    assert document(rooted([])) is None


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    quoted = text.replace("&", "").replace("<", "").replace('"', "")
    for one in (
        text,
        f'<Server port="{quoted}"><Connector port="{quoted}" maxPostSize="{quoted}"/></Server>',
    ):
        assert document(Tree(texts={"/server.xml": one, "/web.xml": one})) is not None
