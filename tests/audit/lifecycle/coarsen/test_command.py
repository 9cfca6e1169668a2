"""`qinglang data risk … --enforce`: options and what is said."""

import json
import sqlite3

import pytest

from audit import cli

HEADS = "姓名,性别,出生日期,健康状况,备注"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    rows = [
        f"张三,{'男女'[n % 2]},201{n % 4}-0{n % 9 + 1}-1{n % 7},{'无' if n % 3 else '哮喘'},x"
        for n in range(300)
    ]
    path.write_text("\n".join([HEADS, *rows]), encoding="utf-8")
    return path


def run(table, *more):
    return cli.main(["data", "risk", str(table), "--quasi", "性别,出生日期", *map(str, more)])


def test_done(table, tmp_path, capsys):
    out = tmp_path / "b.csv"
    assert run(table, "--enforce", "k=5", "--l", 2, "--sensitive", "健康状况", "--out", out) == 0
    said = capsys.readouterr().out
    assert "最优 optimal" in said
    assert "未写入的列 columns left out: 姓名, 备注" in said
    assert "张三" not in said + out.read_text("utf-8")
    assert run(table, "--enforce", 5, "--method", "local", "--out", out, "--json") == 0
    made = json.loads(capsys.readouterr().out)["done"]
    assert made["published"]
    assert made["report"]["k"] >= 5


def test_not_to_be_had(table, tmp_path, capsys):
    out = tmp_path / "b.csv"
    assert run(table, "--enforce", "k=301", "--out", out) == 1
    assert "只有 300 行" in capsys.readouterr().out
    assert not out.exists()


@pytest.mark.parametrize(
    "more",
    [
        ["--enforce", "many"], ["--enforce", "k=0"], ["--enforce", "5", "--l", "0"],
        ["--enforce", "5", "--t", "2"], ["--enforce", "5", "--max-suppress", "1"],
        ["--enforce", "5", "--keep", "姓名"], ["--enforce", "5", "--keep", "none"],
        ["--enforce", "5", "--method", "local", "--suppress", "cells"],
        ["--enforce", "5", "--ladders", "/nowhere.yaml"],
    ],
)  # fmt: skip
def test_bad_input(table, tmp_path, more):
    assert run(table, *more, "--out", tmp_path / "b.csv") == 2
    assert not (tmp_path / "b.csv").exists()


def test_never_over_the_source(table):
    assert run(table, "--enforce", "5", "--out", table) == 2
    assert run(table, "--enforce", "5") == 2


def test_a_database(tmp_path, capsys):
    with sqlite3.connect(tmp_path / "a.db") as base:
        base.execute("CREATE TABLE s (xb, csrq)")
        base.executemany(
            "INSERT INTO s VALUES (?, ?)", [("男", f"2013-04-{n % 28 + 1:02}") for n in range(60)]
        )
    base.close()
    out = tmp_path / "b.csv"
    words = [
        "data",
        "risk",
        f"sqlite:///{tmp_path}/a.db",
        "--table",
        "s",
        "--quasi",
        "xb,csrq:date",
    ]
    assert cli.main([*words, "--enforce", "k=5", "--out", str(out)]) == 0
    assert "2013-04\n" in out.read_text("utf-8")
