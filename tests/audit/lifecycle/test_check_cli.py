"""`qinglang data check` on real servers: rules that are kept pass, one change makes one breach."""

import json

import pytest

from audit import cli
from audit.lifecycle.acting import account
from tests.audit.lifecycle import servers
from tests.audit.lifecycle.check_scene import (
    AT,
    CHANGES,
    MARIADB,
    POSTGRESQL,
    RULES,
    do,
    training,
    write,
)


class Scene:
    """A server, a training database, a book, and a folder for the rules."""

    def __init__(self, folder, url, kind, capsys):
        self.folder, self.url, self.kind, self.capsys = folder, url, kind, capsys
        training(folder / "training.db")
        self.book = folder / "book"
        at = ["--book", str(self.book)]
        key = str(folder / "b.pem")
        share = ["data", "share", "request", *at, "--dataset", "roll",
                 "--recipient", "区卫健局", "--purpose", "查验", "--fields", "name,born",
                 "--masked", "none", "--until", "2027-07-31"]  # fmt: skip
        for words in (
            ["data", "people", "add", "甲", "--account", account(), "--manages", *at],
            ["data", "people", "add", "乙", "--key-out", key, *at],
            ["data", "people", "add", "丙", "--key-out", f"{key}.2", *at],
            [*share, "--sign-with", key],
            ["data", "share", "approve", "S4", *at, "--sign-with", f"{key}.2"],
        ):
            assert cli.main(words) == 0, words

    def discover(self):
        self.capsys.readouterr()
        assert cli.main(["data", "discover", self.url, "--json"]) == 0
        path = self.folder / f"inventory{len([*self.folder.glob('inventory*')]) or ''}.json"
        path.write_text(self.capsys.readouterr().out, encoding="utf-8")
        return str(path)

    def check(self, rules=RULES, *more, inventory=None):
        path = self.folder / "rules.yaml"
        path.write_text(rules, encoding="utf-8")
        self.capsys.readouterr()
        code = cli.main(
            ["data", "check", str(path), "--db", f"district={self.url}",
             "--db", f"training=sqlite:///{self.folder / 'training.db'}",
             "--inventory", inventory or self.discover(), "--book", str(self.book),
             "--why", "季度核查", "--at", AT, "--json", *more]
        )  # fmt: skip
        out = self.capsys.readouterr()
        return code, json.loads(out.out) if out.out else out.err


def found(document):
    return {(one["code"], one["place"]) for one in document["found"] if one["known"]}


def told(document, wanted):
    """Whether exactly the wanted is found: by code and the end of the place."""
    seen = found(document)
    matched = {
        (code, end)
        for code, end in wanted
        if any(code == c and (p == end or p.split("@")[0].endswith(end)) for c, p in seen)
    }
    return matched == wanted and len(seen) == len(wanted)


def all_changes(scene):
    code, document = scene.check()
    assert (code, document["found"]) == (0, [])
    known = str(scene.folder / "inventory.json")
    for change in CHANGES:
        rules = RULES
        for old, new in change.rules:
            assert old in rules, (change.name, old)
            rules = rules.replace(old, new, 1)
        do(scene.url, *change.orders(scene.kind))
        try:
            new = any("ADD COLUMN" in one or "CREATE TABLE" in one for one in change.postgresql)
            code, document = scene.check(rules, inventory=None if new else known)
        finally:
            do(scene.url, *change.back(scene.kind))
        assert told(document, change.wanted), (change.name, document["found"])
        unknown = {one["code"] for one in document["found"] if not one["known"]}
        assert unknown == change.unknown, (change.name, document["found"])
        assert code == (1 if change.wanted or change.unknown else 0), change.name
    code, document = scene.check()
    assert (code, document["found"]) == (0, [])


@pytest.fixture(autouse=True)
def passphrase(monkeypatch):
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")


@pytest.mark.wire
def test_postgresql(tmp_path, capsys):
    with servers.postgresql() as url:
        write(url, POSTGRESQL)
        scene = Scene(tmp_path, url, "postgresql", capsys)
        all_changes(scene)


@pytest.mark.wire
def test_mariadb(tmp_path, capsys):
    with servers.mariadb() as url:
        write(url, MARIADB)
        scene = Scene(tmp_path, url, "mariadb", capsys)
        all_changes(scene)
