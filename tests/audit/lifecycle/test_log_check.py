"""`data access check` at the command line: findings, what is unknown, evidence for the audit."""

import getpass
import json
from pathlib import Path

import pytest

from audit.checks import CHECKS, load_checks
from audit.cli import main
from audit.judge import judge
from audit.lifecycle.access_evidence import PROBE, TARGET
from audit.probes import shelf

PHONE = "13900001111"
GOOD = f"20261123 12:00:00,db1,ann,h,4,1,QUERY,d,'select * from t where p = \\'{PHONE}\\'',0\n"
NIGHT = "20261123 02:00:00,db1,ann,h,4,1,QUERY,d,'select * from students',0\n"
RULES = "audit/lifecycle/anomalies/school.yaml"


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
    assert sum("unknown" in row for row in rows) == 3  # the broken line; no people; no rows
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


class Scene:
    """One log in a store, and evidence of it in the audit."""

    def __init__(self, folder: Path, log: str, people: str = "") -> None:
        self.folder = folder
        self.store = ["--store", str(folder / "s")]
        (folder / f"{PHONE}.log").write_text(log, encoding="utf-8")
        book = ["--book", str(folder / "b")] if people else []
        if people:
            (folder / "people.yaml").write_text(people, "utf-8")
            assert main(["data", "people", "import", str(folder / "people.yaml"), *book]) == 0
            self.store += [*book, "--why", "年度核查"]
        log_file = str(folder / f"{PHONE}.log")
        assert main(["data", "access", "import", "mariadb", log_file, *self.store]) == 0

    def check(self, *more: str) -> int:
        evidence = ["--evidence", str(self.folder / "e"), "--system", "portal"]
        return main(["data", "access", "check", RULES, *self.store, *evidence, *more])

    def states(self) -> dict[str, str]:
        """What the checks say of the evidence, by sign."""
        kept = shelf.read(self.folder / "e" / f"{TARGET}.{PROBE}.json")
        return {
            name.removeprefix(f"{PROBE}-"): judge(check, kept, target=TARGET, now=kept.taken).state
            for name, check in load_checks(CHECKS / PROBE).items()
        }

    def audit(self) -> int:
        """`audit run` over what was kept."""
        folder = self.folder / "e"
        words = ["--inventory", str(folder / "inventory.yaml"), "--evidence", str(folder)]
        return main(["audit", "run", *words, "--level", "3"])


def test_evidence_reaches_the_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account = getpass.getuser()
    people = f"people:\n- {{id: A, account: {account}, manages: true, databases: [ann]}}\n"
    scene = Scene(tmp_path, NIGHT, people)
    assert scene.check() == 1
    states = scene.states()
    assert states["unfiltered"] == states["hours"] == "fail"
    assert states["rows"] == "unknown"  # MariaDB does not log how many
    assert states["export"] == states["left"] == states["auditing"] == "pass"
    kept = shelf.read(tmp_path / "e" / f"{TARGET}.{PROBE}.json")
    assert kept.document["found"]["unfiltered"] == ["whole-table mariadb <phone>.log:1 ann"]
    assert PHONE not in (tmp_path / "e" / f"{TARGET}.{PROBE}.json").read_text(encoding="utf-8")
    assert (tmp_path / "e" / f"{TARGET}.{PROBE}.json").stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    assert scene.audit() == 1
    said = capsys.readouterr().out
    assert f"✗ {TARGET} data-access-unfiltered" in said
    assert "data-access-export" not in said


def test_a_gap_of_the_log_lets_nothing_pass(tmp_path: Path) -> None:
    scene = Scene(tmp_path, GOOD + GOOD.replace("12:00", "19:00"))
    assert scene.check() == 1
    states = scene.states()
    assert set(states.values()) == {"unknown"}


def test_a_clause_must_stand_in_the_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(RULES).read_text(encoding="utf-8").replace("8.1.4.3.d", "8.1.4.3.z")
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    assert main(["data", "access", "check", str(tmp_path / "r.yaml"), "--store", "none"]) == 2
    assert "GBT22239-2019:3:8.1.4.3.z" in capsys.readouterr().err


def test_as_of_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(tmp_path, NIGHT + NIGHT.replace(" 02:", " 23:"))

    def rows(at: str) -> list[dict[str, object]]:
        capsys.readouterr()
        scene.check("--at", at, "--json")
        said = capsys.readouterr()
        assert ("Asia/Shanghai" in said.err) is ("+" not in at and "Z" not in at)
        return [json.loads(line) for line in said.out.splitlines()]

    whole = {"finding": "whole-table"}.items()
    for at, found, unknown in (
        ("2026-11-23T02:00:00+08:00", 0, "no entries"),
        ("2026-11-23 02:00:01", 1, ""),
        ("2026-11-22T18:00:01Z", 1, ""),
        ("2026-11-23T12:00:00+08:00", 1, "idle"),
        ("2026-11-23T23:59:00+08:00", 2, "idle"),
        ("2026-11-24T01:00:00+08:00", 2, "silent"),
    ):
        got = rows(at)
        assert sum(whole <= row.items() for row in got) == found, at
        said = {row.get("unknown") for row in got}
        assert not unknown or unknown in said, (at, said)
        assert ("silent" in said) is (unknown == "silent"), at
    kept = shelf.read(tmp_path / "e" / f"{TARGET}.{PROBE}.json")
    assert kept.dated == 1_795_453_200.0
    assert scene.check("--at", "tomorrow") == 2


def test_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(tmp_path, NIGHT)
    for name in ("r.html", "r.xlsx"):
        assert scene.check("--out", str(tmp_path / name)) == 1
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    made = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "无条件读取" in made
    assert PHONE not in made
    assert scene.check("--out", str(tmp_path / "r.pdf")) == 2
