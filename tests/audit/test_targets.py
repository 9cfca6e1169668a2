"""Inventories of three kinds; passwords are refused or left behind; errors say where."""

import contextlib
from pathlib import Path

import pytest

from audit.model import ObjectClass, Target
from audit.targets import load_inventory, within
from rules.load import DataError

OURS = """
id: school-1
organisations:
  - {id: district, name: 示范区教委}
  - {id: s1, name: 一中, above: district}
systems:
  - {id: oa, name: 办公系统, organisation: s1, s: 2, a: 3, g: 2}
targets:
  - {id: web01, name: 门户, system: oa, kind: server, exposed: true,
     access: {user: audit, port: "2222"}}
  - {id: db01, name: 数据库, system: oa, kind: server, address: 192.0.2.11,
     access: {jump: "audit@192.0.2.10:22"}}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_name_of_a_variable_is_no_password(tmp_path: Path) -> None:
    text = OURS.replace("user: audit", "password-env: AUDIT_PG")
    found = load_inventory(write(tmp_path, "i.yaml", text))
    assert found.targets[0].access["password-env"] == "AUDIT_PG"


def test_our_own(tmp_path: Path) -> None:
    found = load_inventory(write(tmp_path, "i.yaml", OURS))
    assert [one.id for one in found.targets] == ["web01", "db01"]
    assert found.targets[0].exposed
    assert found.systems[0].level == 3
    assert within(found, ("db01",)).targets[0].access["jump"] == "audit@192.0.2.10:22"


@pytest.mark.parametrize(
    ("change", "said", "line"),
    [
        (("user: audit", "password: x"), "passwords are never stored", 9),
        (("user: audit", "password-env: 'a b'"), "passwords are never stored", 9),
        (("user: audit", "colour: x"), "access `colour`", 9),
        (('port: "2222"', 'port: "99999"'), "access port", 9),
        (("user: audit", "user: '-oProxyCommand=x'"), "access user", 9),
        (("address: 192.0.2.11", "address: 'a b'"), "is no address", 11),
        (("id: db01", "id: web01"), "stands twice", 9),
        (("above: district", "above: nobody"), "unknown", 5),
        (("organisation: s1", "organisation: s9"), "unknown", 7),
        (("name: 数据库, system: oa", "name: 数据库, system: x"), "unknown system", 11),
        (("audit@192.0.2.10:22", "a b"), "wrong jump host", 11),
        (("kind: server, address", "kind: toaster, address"), "not one of", 11),
    ],
)
def test_what_is_wrong_says_where(
    tmp_path: Path, change: tuple[str, str], said: str, line: int
) -> None:
    assert change[0] in OURS
    with pytest.raises(DataError, match=said) as caught:
        load_inventory(write(tmp_path, "i.yaml", OURS.replace(*change)))
    assert caught.value.problems[0].line == line


def test_csv(tmp_path: Path) -> None:
    text = "\ufeffid,name,kind,address,port,user,exposed\nw1,门户,server,192.0.2.1,22,audit,是\n"
    found = load_inventory(write(tmp_path, "i.csv", text), "oa")
    assert found.targets[0].access == {"port": "22", "user": "audit"}
    assert found.targets[0].system == "oa"
    assert found.targets[0].exposed


def test_csv_with_every_error_at_once(tmp_path: Path) -> None:
    text = "id,kind,colour\n,server,x\na,toaster,x\nb,server\nc,server,x,y\n"
    with pytest.raises(DataError) as caught:
        load_inventory(write(tmp_path, "i.csv", text))
    assert [one.line for one in caught.value.problems] == [1, 2, 3, 4, 5]


INI = """
mail ansible_host=192.0.2.5 ansible_port=2222
[web]
www[01:03].example.edu ansible_user=deploy ansible_password=geheim
# nothing
[db]
db1 ansible_become=yes ansible_ssh_common_args='-o ProxyJump=audit@192.0.2.9'
[web:vars]
qinglang_platform=openeuler
[all:vars]
ansible_user=audit
"""


def test_ansible_ini(tmp_path: Path) -> None:
    found = load_inventory(write(tmp_path, "hosts.ini", INI), "oa")
    by = {one.id: one for one in found.targets}
    assert set(by) == {"mail", "www01.example.edu", "www02.example.edu", "www03.example.edu", "db1"}
    assert by["mail"].address == "192.0.2.5"
    assert by["mail"].access == {"via": "ssh", "user": "audit", "port": "2222"}
    assert by["www02.example.edu"].platform == "openeuler"
    assert by["db1"].access["sudo"] == "yes"
    assert by["db1"].access["jump"] == "audit@192.0.2.9"
    assert found.left_behind == 3
    assert "geheim" not in str(found)


def test_ansible_yaml(tmp_path: Path) -> None:
    text = """
all:
  vars: {ansible_user: audit}
  children:
    web:
      hosts:
        w1: {ansible_host: 192.0.2.1}
        w2:
      vars: {qinglang_kind: terminal}
  hosts:
    here: {ansible_connection: local, ansible_become_pass: x}
"""
    found = load_inventory(write(tmp_path, "hosts.yml", text))
    by = {one.id: one for one in found.targets}
    assert by["w1"].kind is ObjectClass.TERMINAL
    assert by["w2"].access["user"] == "audit"
    assert by["here"].access["via"] == "local"
    assert found.left_behind == 1


@pytest.mark.parametrize("text", ["", "[]", "a: &a [*a]", "all: {hosts: 5, children: []}", "\t"])
def test_yaml_that_is_no_inventory(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "x.yaml", text)
    found: tuple[Target, ...] = ()
    with contextlib.suppress(DataError):
        found = load_inventory(path).targets
    assert found == ()
