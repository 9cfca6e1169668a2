"""`qinglang data grade`."""

import json

from audit import cli
from audit.lifecycle.inventory import dumps
from audit.lifecycle.model import Address, By, Inventory, Judged, Table
from rules.model import Text
from rules.recognise.personal.kinds import Kind


def document(folder, **more):
    at = Address(source="s", schema="p", table="t", column="lxdh")
    one = Judged(at=at, kind=Kind.PHONE, by=By.BOTH, sampled=3, verified=1.0)
    table = Table(source="s", schema="p", name="t", rows=3, columns=(one,), **more)
    path = folder / "i.json"
    path.write_text(dumps(Inventory(at=0.0, seed=1, tables=(table,))), encoding="utf-8")
    return str(path)


def test_grades(tmp_path, capsys):
    path = document(tmp_path)
    assert cli.main(["data", "grade", path]) == 0
    assert "联系方式" in capsys.readouterr().out
    assert cli.main(["data", "grade", path, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["tables"][0]["table"]["level"] == 3
    assert made["tables"][0]["table"]["basis"][0]["status"]


def test_overrides(tmp_path, capsys):
    word = tmp_path / "o.yaml"
    word.write_text(
        "overrides: [{table: t, column: lxdh, by: 张主任, reason: 已公开, level: 1}]", "utf-8"
    )
    assert cli.main(["data", "grade", document(tmp_path), "--overrides", str(word)]) == 0
    assert "已公开" in capsys.readouterr().out
    word.write_text("overrides: [{table: t, by: x}]", "utf-8")
    assert cli.main(["data", "grade", document(tmp_path), "--overrides", str(word)]) == 2


def test_unknown_is_not_fine(tmp_path):
    assert cli.main(["data", "grade", document(tmp_path, problem=Text(zh="x", en="x"))]) == 1
    assert cli.main(["data", "grade", str(tmp_path / "none.json")]) == 2
