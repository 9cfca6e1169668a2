"""Importing at the command line: counted, on record, listed without a literal."""

import json
from pathlib import Path

import pytest

from audit.cli import main

PHONE = "13900001111"
GOOD = f"20261123 12:00:00,db1,ann,h,4,1,QUERY,d,'select * from t where p = \\'{PHONE}\\'',0\n"


def test_import_and_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "audit.log"
    log.write_text(GOOD + f"broken {PHONE}\n", encoding="utf-8")
    store = ["--store", str(tmp_path / "s"), "--json"]
    told = ["data", "access", "import", "mariadb", str(log), *store]
    record = ["--book", str(tmp_path / "b"), "--why", "年度核查"]
    assert main([*told, *record]) == 1
    said = capsys.readouterr()
    row = json.loads(said.out)
    assert (row["seen"], row["kept"], row["bad"]) == (2, 1, 1)
    assert "audit.log:2" in said.err
    assert main(["data", "access", "entries", "--table", "t", *store]) == 0
    listed = capsys.readouterr()
    assert json.loads(listed.out)["account"] == "ann"
    assert PHONE not in said.out + said.err + listed.out + listed.err
    assert PHONE.encode() not in (tmp_path / "s" / "access.sqlite").read_bytes()
    assert main(["data", "access", "list", "--book", str(tmp_path / "b"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["bad"] == 1


@pytest.mark.parametrize(
    "words",
    [["mariadb", "no.log"], ["pg-text", "x", "--prefix", "%p"], ["mariadb", "x", "--timezone", ""]],
)  # fmt: skip
def test_bad_input(tmp_path: Path, words: list[str]) -> None:
    assert main(["data", "access", "import", *words, "--store", str(tmp_path)]) == 2
