"""Ways to log in: none, each, and settings that are wrong."""

from pathlib import Path

import pytest

from gateway.identity import ways_in
from gateway.node import Node
from policies.model import Subject
from rules.load import DataError

HEAD = "id: d\ntitle: {zh: 目录, en: Directory}\n"


def test_none(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path)
    assert ways_in.logins(node, lambda *_: Subject()) is None
    assert ways_in.pages(node, lambda *_: True, lambda _: None) is None


def test_each(tmp_path: Path) -> None:
    directory, oidc = tmp_path / "d.yaml", tmp_path / "o.yaml"
    directory.write_text(HEAD + "servers: ['ldaps://x']\nuser_dn: 'uid={user}'\n")
    oidc.write_text(HEAD + "issuer: https://x\nclient_id: c\nredirect: http://gw/portal/callback\n")
    node = Node(name="n", data=tmp_path, directory=directory, oidc=oidc)
    found = ways_in.logins(node, lambda *_: Subject())
    assert found is not None
    assert found.counts == {}
    pages = ways_in.pages(node, lambda *_: True, lambda _: None)
    assert pages is not None
    pages.close()
    directory.write_text(HEAD)
    oidc.write_text(HEAD)
    with pytest.raises(DataError):
        ways_in.logins(node, lambda *_: Subject())
    with pytest.raises(DataError):
        ways_in.pages(node, lambda *_: True, lambda _: None)
