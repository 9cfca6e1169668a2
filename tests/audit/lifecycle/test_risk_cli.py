"""`qinglang data risk` on a file and on a database."""

import json
import sqlite3

import pytest

from audit import cli

ROWS = [
    ("男" if n % 2 else "女", f"201{n % 2}-03-04", "无" if n % 3 else "哮喘") for n in range(60)
]


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("xb,csrq,jkzk\n" + "\n".join(map(",".join, ROWS)), encoding="utf-8")
    return str(path)


def test_a_file(csv, capsys):
    assert (
        cli.main(["data", "risk", csv, "--quasi", "xb,csrq:year", "--sensitive", "jkzk", "--json"])
        == 0
    )
    made = json.loads(capsys.readouterr().out)["report"]
    assert (made["rows"], made["k"], made["groups"], made["level"]) == (60, 30, 2, 3)
    assert made["diversity"][0]["l_distinct"] == 2
    assert cli.main(["data", "risk", csv, "--k", "31"]) == 1
    assert "建议" in capsys.readouterr().out


def test_a_database(tmp_path, capsys):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE s (xb, csrq, jkzk, xm)")
        base.executemany("INSERT INTO s VALUES (?, ?, ?, '张三丰')", ROWS)
    base.close()
    url = f"sqlite:///{path}"
    assert cli.main(["data", "risk", url, "--table", "s", "--quasi", "xb,csrq:4"]) == 1  # a name
    out = capsys.readouterr().out
    assert "xm" in out
    assert "张三丰" not in out
    assert cli.main(["data", "risk", url, "--table", "none"]) == 2


@pytest.mark.parametrize(
    "more", [["--quasi", "none"], ["--quasi", "xb:week"], ["--k", "0"], ["--sensitive", "none"]]
)
def test_bad_input(csv, more):
    assert cli.main(["data", "risk", csv, *more]) == 2


def test_no_file():
    assert cli.main(["data", "risk", "/nowhere.csv"]) == 2
