"""Files as tables."""

import pytest

from audit.lifecycle.discover import discover
from audit.lifecycle.files import Files
from audit.lifecycle.knowledge import load_judge
from bench.district import People
from rules.load import DataError
from rules.recognise.personal.kinds import Kind

P = People(3)
LINES = [f"{P.name()},{P.phone()},{P.card()}" for _ in range(300)]


def test_a_folder_of_exports(tmp_path):
    (tmp_path / "导出").mkdir()
    text = "姓名,手机号,证件号码\n" + "\n".join(LINES)
    (tmp_path / "导出" / "a.csv").write_bytes(text.encode("gb18030"))
    (tmp_path / "note.txt").write_text("联系电话：14000000001，请回电\n", encoding="utf-8")
    made = discover([Files(tmp_path, size=50, seed=1)], load_judge(), now=0.0, today="2026-11-24")
    tables = {(one.schema, one.name): one for one in made.tables}
    assert [one.kind for one in tables["导出", "a.csv"].columns] == [
        Kind.NAME,
        Kind.PHONE,
        Kind.ID_CARD,
    ]
    assert tables["导出", "a.csv"].rows == 300
    assert tables["导出", "a.csv"].columns[0].sampled == 50
    (text_column,) = tables["", "note.txt"].columns
    assert text_column.mixed == (Kind.PHONE,)
    assert not any(number in repr(made) for line in LINES for number in line.split(",")[1:])


def test_the_same_rows_for_the_same_seed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "\n".join(f"{n},x" for n in range(999)), encoding="utf-8")

    def taken(seed):
        source = Files(path, size=20, seed=seed)
        (found,) = source.tables()
        return source.sample(found, 20, seed).rows

    assert taken(1) == taken(1) != taken(2)
    assert len(taken(1)) == 20


def test_no_such_file(tmp_path):
    with pytest.raises(DataError):
        Files(tmp_path / "none.csv")


def test_a_broken_file_is_unknown(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 broken")
    made = discover([Files(tmp_path / "a.xlsx")], load_judge(), now=0.0, today="2026-11-24")
    assert made.tables[0].problem is not None
