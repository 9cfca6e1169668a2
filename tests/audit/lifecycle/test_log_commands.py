"""Importing at the command line: counted, on record, listed without a literal."""

import getpass
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


def test_check_finds_and_says_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "audit.log"
    night = "20261123 02:00:00,db1,ann,h,4,1,QUERY,d,'select * from students',0\n"
    log.write_text(night + f"broken {PHONE}\n", encoding="utf-8")
    store = ["--store", str(tmp_path / "s"), "--json"]
    rules = Path("audit/lifecycle/anomalies/school.yaml")
    assert main(["data", "access", "check", str(rules), *store]) == 2
    assert main(["data", "access", "import", "mariadb", str(log), *store]) == 1
    capsys.readouterr()
    assert main(["data", "access", "check", str(rules), *store]) == 1
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert {"whole-table", "off-hours"} <= {row.get("finding") for row in rows}
    assert sum("unknown" in row for row in rows) == 2  # the broken line; no people
    assert PHONE not in said.out + said.err


def test_check_holds_only_with_people_and_without_gaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, people = tmp_path / "audit.log", tmp_path / "people.yaml"
    log.write_text(GOOD, encoding="utf-8")
    account = getpass.getuser()
    people.write_text(
        f"people:\n- {{id: A, account: {account}, manages: true, databases: [ann]}}\n", "utf-8"
    )
    book = ["--book", str(tmp_path / "b")]
    check = ["data", "access", "check", "audit/lifecycle/anomalies/school.yaml", *book]
    store = ["--why", "年度核查", "--store", str(tmp_path / "s")]
    assert main(["data", "people", "import", str(people), *book]) == 0
    assert main(["data", "access", "import", "mariadb", str(log), *book, *store]) == 0
    capsys.readouterr()
    assert main([*check, *store]) == 0
    assert capsys.readouterr().out == ""


def test_holidays_of_a_year_that_is_not_shipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, folder = tmp_path / "audit.log", tmp_path / "policy"
    log.write_text(
        "20310303 10:00:00,db1,ann,h,4,1,QUERY,d,'select xm from students where id = 1',0\n"
    )
    store = ["--store", str(tmp_path / "s"), "--json"]
    check = ["data", "access", "check", "audit/lifecycle/anomalies/school.yaml", *store]
    assert main(["data", "access", "import", "mariadb", str(log), *store]) == 0

    def rows(*more: str) -> list[dict[str, object]]:
        capsys.readouterr()
        main([*check, *more])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert {"unknown": "holidays", "year": 2031} in rows()
    (folder / "calendar").mkdir(parents=True)
    year = folder / "calendar" / "cn-2031.yaml"
    year.write_text(
        "id: cn-2031\nyear: 2031\ntitle: {zh: 试, en: test}\nmakeup: []\nbasis:\n"
        "  - {source: test, clause: none, status: unverified, note: made by a test}\n"
        "holidays:\n  - {title: {zh: 试, en: test}, first: 2031-03-03, last: 2031-03-04}\n",
        encoding="utf-8",
    )
    found = rows("--policy", str(folder))
    assert "off-hours" in {row.get("finding") for row in found}
    assert "holidays" not in {row.get("unknown") for row in found}
    year.write_text("id: other\n", encoding="utf-8")
    assert main([*check, "--policy", str(folder)]) == 2
    assert "cn-2031.yaml" in capsys.readouterr().err
    assert main([*check, "--policy", str(tmp_path / "none")]) == 2
