"""Repairs on the command line, from a run and from a list to the sealed reply."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.cli import main
from audit.probes.host import canonical
from audit.store import Store
from tests.audit.judged import NOW, made, small_beside

LIST = "编号,条款,问题,责任人,整改期限\n1,8.1.4.1.a,口令弱,校办,2020-01-01\n"


def test_from_a_list_to_the_reply(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "a.db")
    at = ["--store", place]
    given = tmp_path / "l.csv"
    given.write_text(LIST + "2,x,y,z,soon\n", encoding="utf-8")
    pull = ["audit", "repair", "import", str(given), "--source", "某机构"]
    assert main([*pull, *at]) == 2
    assert "E3" in capsys.readouterr().err
    given.write_text(LIST, encoding="utf-8")
    assert main([*pull, *at]) == 0
    capsys.readouterr()
    assert main(["audit", "repair", "list", "--overdue", "--json", *at]) == 1
    (one,) = json.loads(capsys.readouterr().out)
    name = one["id"]
    assert main(["audit", "repair", "close", name, *at]) == 2
    assert main(["audit", "repair", "send", name, *at]) == 0
    assert main(["audit", "repair", "evidence", name, *at]) == 2
    assert main(["audit", "repair", "evidence", name, "--file", str(given), *at]) == 0
    assert main(["audit", "repair", "retest", *at]) == 3  # no run yet
    with Store.open(place) as store:
        store.keep_run(made(), small_beside(), now=NOW)
    assert main(["audit", "repair", "retest", name, *at]) in (0, 1)


def test_from_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "a.db")
    at = ["--store", place]
    with Store.open(place) as store:
        run = store.keep_run(made(), small_beside(), now=NOW)
    opening = ["audit", "repair", "open", "--from-run", run, "--owner", "o", "--due", "2099-01-01"]
    assert main([*opening, "--json", *at]) == 0
    names = json.loads(capsys.readouterr().out)["repairs"]
    assert len(names) == len(set(names)) > 20
    assert main([*opening, "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["repairs"] == []  # they are open already
    assert main(["audit", "repair", "list", "--overdue", *at]) == 0
    assert main(["audit", "repair", "retest", *at]) == 1
    assert main(["audit", "repair", "open", "--owner", "o", "--due", "2099-01-01", *at]) == 2
    with Store.open(place) as store:
        assert store.verify().holds


def test_the_reply_is_sealed(tmp_path: Path) -> None:
    from audit.model import State

    place = str(tmp_path / "a.db")
    at = ["--store", place]
    good = next(one for one in made().findings if one.state is State.PASS)
    with Store.open(place) as store:
        store.keep_run(made(), small_beside(), now=NOW)
    opening = ["8.1.4.1.a", "--target", "web01", "--check", good.check, "--owner", "o"]
    assert main(["audit", "repair", "open", *opening, "--due", "2099-01-01", *at]) == 0
    assert main(["audit", "repair", "retest", *at]) == 0
    with Store.open(place) as store:
        name = store.entries("repair")[0].id
    reply = tmp_path / "reply.json"
    assert main(["audit", "repair", "close", name, "--reply", str(reply), *at]) == 0
    sealed = json.loads(reply.read_text(encoding="utf-8"))
    assert sealed["reply"]["state"] == "closed"
    assert sealed["digest"] == sha256(canonical(sealed["reply"])).hexdigest()
    body = canonical({"repair": name, "digest": sealed["digest"]})
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sealed["seal"]["key"]))
    key.verify(bytes.fromhex(sealed["seal"]["signature"]), b"qinglang audit reply v1\0" + body)
