"""Recorded outputs: both forms, every platform well kept and broken, and hostile bytes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.judge import judge
from audit.model import Check, Evidence, State
from audit.probes.sql import recorded
from audit.probes.sql.recorded import NotRecordedError, decoded, from_text
from rules.load import DataError
from tests.audit import databases

FOLDER = Path(__file__).parents[2] / "recordings" / "sql"
NOW = 1_793_600_000.0  # a day after the recordings


@cache
def checks(probe: str) -> Mapping[str, Check]:
    return {name: one for name, one in databases.checks().items() if one.probe == probe}


def seen(name: str) -> Evidence:
    return recorded.read((FOLDER / f"{name}.json").read_bytes(), target="db", taken=NOW)


def states(evidence: Evidence) -> dict[str, State]:
    return {
        name: judge(check, evidence, target="db", now=NOW).state
        for name, check in checks(evidence.probe).items()
    }


@pytest.mark.parametrize("name", ["oracle", "sqlserver", "dm", "kingbase"])
def test_well_kept_passes_and_broken_fails_every_check(name: str) -> None:
    good, bad = states(seen(f"{name}.good")), states(seen(f"{name}.bad"))
    assert {one for one, state in good.items() if state is not State.PASS} == set()
    assert {one for one, state in bad.items() if state is not State.FAIL} == set()


def test_mysql_8_is_told_from_mariadb() -> None:
    good, bad = states(seen("mysql8.good")), states(seen("mysql8.bad"))
    assert State.FAIL not in good.values()
    assert good["mysql-failure-lockout-mysql"] is State.PASS
    assert good["mysql-failure-lockout-mariadb"] is State.NOT_APPLICABLE
    assert good["mysql-password-quality"] is State.PASS
    assert bad["mysql-tls-version"] is State.FAIL
    assert bad["mysql-version-supported"] is State.FAIL
    assert bad["mysql-root-remote"] is State.FAIL
    assert bad["mysql-empty-passwords"] is State.FAIL
    assert Counter(bad.values())[State.FAIL] >= 14


def test_the_recordings_own_date_is_believed_unless_it_lies_ahead() -> None:
    assert seen("dm.good").dated == 1793491200.0
    raw = (FOLDER / "dm.good.json").read_text("utf-8").replace("2026-11-01", "2099-11-01")
    assert recorded.read(raw.encode(), target="db", taken=NOW).dated == NOW


TEXT = """psql banner
SET
#query version
version,number,me,recovering,clock
"PostgreSQL 15.18, compiled",15.18,audit,f,1793491200
(1 row)
#query roles
rolname,rolsuper,rolcanlogin,expires
boss,t,t,f
#query passwords
psql:THIS:9: ERROR:  permission denied for table pg_authid
#query hba
"""


def test_the_text_form() -> None:
    found = recorded.read(TEXT.encode(), target="db", taken=NOW, platform="postgresql").document
    assert found["version"]["number"] == "15.18"
    assert found["roles"]["superusers"] == ["boss"]
    why = {gap["path"]: gap["why"] for gap in found["gaps"]}
    assert why["passwords"] == "denied"
    assert why["hba"] == "failed"
    assert why["settings"] == "not-run"
    assert "passwords" not in found


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ("#query dba\nGRANTEE\nSYS\n", 1),
        ("#\n#query dba\ngrantee\tx\nSYS\tNULL\n", 1),
        ("#query dba\ngrantee,x\n-------,-\nSYS,1\n\n(1 rows affected)\n", 1),
        ("#query dba\nORA-00942: table or view does not exist\n", 0),
        ("#query dba\nGRANTEE\nA\n#query dba\nGRANTEE\nB\nC\n", 1),
    ],
)
def test_clients_print_differently(said: str, rows: int) -> None:
    assert len(from_text(said).found["dba"].rows) == rows


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"{",
        b"{}",
        b'{"qinglang-sql": 1}',
        b'{"qinglang-sql": 1, "platform": "beos", "results": {}}',
        b'{"qinglang-sql": 1, "platform": "dm", "results": {"dba": {"error": "x"}}}',
        b"#query dba\nERROR\n",
        b"[" * 100_000,
        b"x" * (recorded.MAX_BYTES + 1),
    ],
)
def test_what_is_no_recording(data: bytes) -> None:
    with pytest.raises(NotRecordedError):
        recorded.read(data, target="db", taken=NOW)


def test_another_platform_than_said() -> None:
    raw = (FOLDER / "dm.good.json").read_bytes()
    with pytest.raises(NotRecordedError, match="dm"):
        recorded.read(raw, target="db", taken=NOW, platform="oracle")


def test_chinese_clients_write_gbk() -> None:
    assert decoded("错误".encode("gb18030")) == "错误"
    assert decoded("\ufeff错误".encode("utf-16")).endswith("错误")


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_recording_or_none(data: bytes) -> None:
    for raw in (data, b"#query version\n" + data, b"#query users\nname,x\n" + data):
        for platform in ("dm", "mysql"):
            try:
                one = recorded.read(raw, target="db", taken=NOW, platform=platform)
            except (NotRecordedError, DataError):
                continue
            assert one.document["platform"] == platform


CELLS = st.one_of(st.none(), st.integers(), st.text(max_size=12), st.booleans(), st.floats(),
                  st.lists(st.integers(), max_size=2))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["oracle", "sqlserver", "dm", "kingbase", "mysql8"]), st.data())
def test_any_cells_make_a_document_that_can_be_judged(name: str, data: st.DataObject) -> None:
    given_ = json.loads((FOLDER / f"{name}.good.json").read_text("utf-8"))
    query = data.draw(st.sampled_from(sorted(given_["results"])))
    for row in given_["results"][query]["rows"]:
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(CELLS)
    try:
        states(recorded.read(json.dumps(given_).encode(), target="db", taken=NOW))
    except NotRecordedError:
        return
