"""`qinglang data discover` from end to end, and not a value anywhere."""

import json

import pytest

from audit import cli
from bench import district


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    path = tmp_path_factory.mktemp("db") / "district.db"
    district.write(f"sqlite:///{path}", 60)
    return f"sqlite:///{path}"


def values():
    people = district.People(2 * 1 + 7 * 1000)  # table 2: students
    for row in next(one for one in district.TABLES if one.name == "students").rows(people, 60):
        yield from (row[4], row[9] or row[4], row[8])


def test_everything(url, tmp_path, capsys):
    store, page, book = tmp_path / "store", tmp_path / "a.html", tmp_path / "a.xlsx"
    order = ["data", "discover", url, "--store", str(store), "--sample", "60", "--output"]
    assert cli.main([*order, str(page), "--json"]) == 0
    first = capsys.readouterr().out
    names = {one["name"] for one in json.loads(first)["inventory"]["tables"]}
    assert names >= {one.name for one in district.TABLES}
    assert cli.main([*order, str(book)]) == 0
    shown = capsys.readouterr()
    assert "students" in shown.out
    assert book.read_bytes().startswith(b"PK")
    assert json.loads((store / "inventory.json").read_text("utf-8"))["version"] == 1
    everything = first + shown.out + shown.err + page.read_text("utf-8")
    assert [value for value in values() if value in everything] == []


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (["sqlite:////nowhere/x.db"], 2),
        (["/nowhere.csv"], 2),
        (["postgresql://u:Qx9z@h/db"], 2),
        (["postgresql://u@127.0.0.1:1/db"], 3),
        (["x.csv", "--sample", "0"], 2),
        (["x.csv", "--output", "a.pdf"], 2),
    ],
)
def test_bad_input(order, code, capsys):
    assert cli.main(["data", "discover", *order]) == code
    assert "Qx9z" not in capsys.readouterr().err


def test_something_unreadable_is_not_fine(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04")
    assert cli.main(["data", "discover", str(tmp_path / "a.xlsx")]) == 1
