"""Directory files: what may stand in one, and every mistake with its place."""

from pathlib import Path

import pytest

from gateway.identity.directory import Directory, Server, read, secret
from rules.load import DataError, WorldError, loads

HEAD = 'id: d\ntitle: {zh: 目录, en: Directory}\nservers: ["ldaps://dc1.school"]\n'


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("geheim \n")
    (tmp_path / "pw").chmod(0o600)
    (tmp_path / "d.yaml").write_text(
        HEAD + "base: dc=x\nservice_dn: cn=s\nservice_password: pw\n"
        "map: [{when: memberOf, value: 'cn=t*', role: teacher}]\n"
        "cases: [{said: {memberOf: [cn=t1]}, expect: {role: teacher}}]\n"
    )
    access = read(tmp_path / "d.yaml")
    assert access.password == "geheim "
    assert access.directory.servers == (Server(host="dc1.school", port=636, tls=True),)
    assert access.directory.attributes == ("memberOf",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "user_dn"),
        ("user_dn: uid=x\n", "{user}"),
        ("user_dn: 'uid={user}'\nbase: dc=x\n", "either"),
        ("base: dc=x\nfilter: (uid=x)\n", "{user}"),
        ("base: dc=x\nfilter: '(&(uid={user})'\n", "filter"),
        ("base: dc=x\nservice_dn: cn=s\n", "together"),
        ("base: dc=x\nplain: true\n", "ldaps"),
        ("base: dc=x\ntimeout: 0\n", "timeout"),
        ("base: dc=x\nmap: [{when: a, role: king}]\n", "king"),
        ("base: dc=x\ncases: [{said: {a: [b]}, expect: {role: pupil}}]\n", "cases 1"),
        ("base: dc=x\nwhen_down: open\n", "open"),
        ("base: dc=x\nnonsense: 1\n", "nonsense"),
    ],
)
def test_mistakes(lines: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        loads(Directory, HEAD + lines, "d.yaml")


@pytest.mark.parametrize("at", ["http://x", "ldap://", "x", "ldaps://x/dc=y"])
def test_servers(at: str) -> None:
    with pytest.raises(ValueError, match="ldaps"):
        Server.parse(at)


def test_an_open_secret_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_text("p")
    path.chmod(0o644)
    with pytest.raises(WorldError, match="chmod 600"):
        secret(path)
    with pytest.raises(WorldError):
        secret(tmp_path / "none")


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pw").touch(mode=0o600)
    (tmp_path / "d.yaml").write_text(HEAD + "base: dc=x\nservice_dn: cn=s\nservice_password: pw\n")
    with pytest.raises(DataError, match="empty"):
        read(tmp_path / "d.yaml")
