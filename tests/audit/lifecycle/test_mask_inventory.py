"""An inventory leads a masking job: what it does not know is never passed."""

import csv
import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.mask_inventory import named, read
from rules.load import DataError
from rules.recognise.personal.kinds import Kind
from tests.audit.lifecycle.school import fill, person


def school(path: Path, more: str = "") -> None:
    rows = ["学号,姓名,手机号,性别,备注" + (",班级" if more else "")]
    for place in range(60):
        no, name, _, phone = person(place)
        rows.append(f"{no},{name},{phone},男,{name}的家长{phone}" + (f",{more}" if more else ""))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_what_discover_writes_is_what_mask_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, listed = tmp_path / "a.csv", tmp_path / "inventory.json"
    school(source)
    assert main(["data", "discover", str(source), "--json"]) == 0
    listed.write_text(capsys.readouterr().out, encoding="utf-8")
    known = read(listed.read_text("utf-8"), "inventory.json")
    assert known.columns["a.手机号"] is Kind.PHONE
    assert known.columns["a.备注"] is None
    school(source, "三班")  # a column came after the inventory was made: 班级 would be passed
    told = ["data", "mask", "--policy", "test-copy", "--in", str(source), "--json"]
    assert main([*told, "--out", f"{tmp_path}/free.csv"]) == 0
    assert main([*told, "--out", f"{tmp_path}/b.csv", "--inventory", str(listed)]) == 0
    free = list(csv.DictReader((tmp_path / "free.csv").read_text("utf-8").splitlines()))
    rows = list(csv.DictReader((tmp_path / "b.csv").read_text("utf-8").splitlines()))
    assert free[0]["班级"] == "三班"
    assert {row["班级"] for row in rows} == {"***"}
    assert {row["性别"] for row in rows} == {"男"}
    assert all(row["手机号"].startswith("169") for row in rows)
    assert {row["备注"] for row in rows} == {"***"}


def test_a_database_by_its_inventory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    fill(url, 40)
    main(["data", "discover", url, "--json"])
    (tmp_path / "i.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["data", "mask", "--policy", "test-copy", "--in", url, "--out",
                 f"sqlite:///{tmp_path}/b.db", "--inventory", f"{tmp_path}/i.json", "--certificate",
                 f"{tmp_path}/c.json", "--json"]) == 0  # fmt: skip
    body = json.loads(capsys.readouterr().out)
    told = {
        f"{table['table']}.{one['column']}": one for table in body["tables"]
        for one in table["columns"]
    }  # fmt: skip
    assert told["student.phone"]["kind"] == "phone"
    assert told["student.phone"]["by"] == "officer"
    assert told["student.remark"]["algorithm"] in ("redact", "text")


@pytest.mark.parametrize(
    ("table", "name"),
    [("a.csv", "a"), ("b.xlsx#学生", "学生"), ("dump.sql#student", "student"),
     ("student", "student"), ("v1.2#a.b", "a.b"), (".csv", ".csv")],
)  # fmt: skip
def test_names(table: str, name: str) -> None:
    assert named(table) == name


def _document(*columns: dict[str, object], schema: str = "", table: str = "t") -> dict[str, object]:
    return {"source": "x", "schema": schema, "name": table, "rows": 1, "columns": [
        {"at": {"source": "x", "table": table}, "by": "values", "sampled": 1, **one}
        for one in columns
    ]}  # fmt: skip


def _read(*tables: dict[str, object], schema: str = "") -> dict[str, Kind | None]:
    text = {"qinglang": "inventory", "version": 1,
            "inventory": {"at": 0.0, "seed": 1, "tables": list(tables)}}  # fmt: skip
    return read(json.dumps(text), "i.json", schema).columns


def _column(name: str, kind: str | None, **more: object) -> dict[str, object]:
    return {"at": {"source": "x", "table": "t", "column": name}, "kind": kind, **more}


def test_doubt_is_no_knowledge() -> None:
    found = _read(
        _document(
            _column("a", "class", conflict=True), _column("b", "phone", conflict=True),
            _column("c", "class", mixed=["phone"]), _column("d", "class"),
        )
    )  # fmt: skip
    assert found == {"t.a": None, "t.b": Kind.PHONE, "t.c": None, "t.d": Kind.CLASS}


def test_two_schemas_that_differ_are_told_apart() -> None:
    one = _document(_column("a", "class"), schema="one")
    two = _document(_column("a", "phone"), schema="two")
    assert _read(one, two) == {"t.a": None}
    assert _read(one, two, schema="two") == {"t.a": Kind.PHONE}


@pytest.mark.parametrize("text", ["[]", "x", '{"a": "no-kind"}', '{"a": []}', '{"qinglang": "x"}'])
def test_what_is_no_inventory(text: str) -> None:
    with pytest.raises(DataError):
        read(text, "i.json")
