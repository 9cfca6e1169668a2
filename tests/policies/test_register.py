"""Registers of education apps: rows, errors by line, clauses with basis and expiry."""
# ruff: noqa: E501 - tables of one row a line

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.check import check
from policies.load import load_policies
from policies.model import Role, Subject
from policies.policy import SchoolStage, Scope, Who
from policies.register import (
    MOST_HOSTS,
    MOST_ROWS,
    decoded,
    empty_policy,
    read_register,
    with_register,
)
from rules.load import DataError
from rules.model import Status
from rules.sources import load_categories
from tests.policies.samples import ask, clause, district, policy, snapshot

HEAD = "名称,备案号,hosts,学段,有效期,审批人\n"
ROW = "作业盒,教APP备1100001号,zuoye.example;=cdn.example.net,初中、高中,2027-07-15,王校长\n"


def test_a_row() -> None:
    found = read_register(HEAD + ROW, "r.csv")
    assert found.problems == ()
    (app,) = found.apps
    assert (app.line, app.name, app.number) == (2, "作业盒", "教APP备1100001号")
    assert app.hosts == ("zuoye.example", "=cdn.example.net")
    assert app.stages == (SchoolStage.JUNIOR, SchoolStage.SENIOR)
    assert (app.expires, app.approver) == ("2027-07-15", "王校长")


@pytest.mark.parametrize(
    ("row", "stages", "hosts"),
    [
        ("a,1,https://A.Example./path?q 坏.example,,2027/07/15,w", 0, ("a.example", "xn--7es.example")),
        ('a,1,"x.example\ny.example",小学,2027-07-15,w', 2, ("x.example", "y.example")),
        ("a,1,x.example；x.example,全部,2027-07-15T18:00,w", 0, ("x.example",)),
        ("a,1,x.example,primary-upper,2027-07-15,w", 1, ("x.example",)),
    ],
)  # fmt: skip
def test_what_people_type(row: str, stages: int, hosts: tuple[str, ...]) -> None:
    found = read_register("\ufeff" + HEAD + row, "r.csv")
    assert found.problems == ()
    assert (len(found.apps[0].stages), found.apps[0].hosts) == (stages, hosts)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "missing columns"),
        ("名称,备案号\n", 1, "missing columns: hosts, 学段, 有效期, 审批人"),
        (HEAD + ",1,x.example,,2027-07-15,w", 2, "`名称` is empty"),
        (HEAD + "a,1,,,2027-07-15,w", 2, "`hosts` is empty"),
        (HEAD + "a,1,x.example,,2027-07-15,", 2, "`审批人` is empty"),
        (HEAD + "a,1,x.example,,,w", 2, "`有效期` is empty"),
        (HEAD + "a,1", 2, "is empty"),
        (HEAD + ROW + "\n,,,,,\na,2,a..b,,2027-07-15,w", 5, "`a..b`"),
        (HEAD + "a,1,x.example,大学,2027-07-15,w", 2, "unknown 学段 `大学`"),
        (HEAD + "a,1,x.example,,soon,w", 2, "有效期 `soon`"),
        (HEAD + ROW + ROW, 3, "stands twice (first on line 2)"),
        (HEAD + "a,1," + " ".join(f"h{n}.example" for n in range(MOST_HOSTS + 1)) + ",,2027-07-15,w", 2, "more than"),
        (HEAD + "".join(f"a,{n},x.example,,2027-07-15,w\n" for n in range(MOST_ROWS + 1)), MOST_ROWS + 2, "rows"),
        (HEAD + '"' + "x" * 200_000, 2, "not valid CSV"),
    ],
)  # fmt: skip
def test_errors_have_their_line(text: str, line: int, said: str) -> None:
    found = read_register(text, "r.csv")
    assert [problem.line for problem in found.problems] == [line]
    assert said in found.problems[0].message


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.text(max_size=200).map(lambda text: HEAD + text))
def test_any_text_is_read(text: str) -> None:
    found = read_register(text, "r.csv")
    assert len(found.apps) <= MOST_ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_spreadsheets(encoding: str) -> None:
    assert decoded((HEAD + ROW).encode(encoding)) == HEAD + ROW


def test_no_text() -> None:
    with pytest.raises(ValueError, match="GB 18030"):
        decoded(b"\xff\xff\xff")


def test_an_app_is_open_until_it_expires() -> None:
    apps = read_register(HEAD + ROW, "r.csv").apps
    top = district(clause("games", "block", categories=("games",)))
    pupils = policy("pupils", "preset", applies=Who(roles=(Role.PUPIL,)))
    shot = snapshot(top, pupils, with_register(policy("s1", "school"), apps))
    junior = Subject(school="s1", stage="junior")

    def asked(host: str, time: str, subject: Subject = junior) -> str:
        return ask(shot, "games", host=host, time=time, subject=subject).clause

    day = "2027-07-15T12:00"
    assert asked("www.zuoye.example", day) == "s1/register-1"
    assert asked("cdn.example.net", day) == "s1/register-1"
    assert asked("x.cdn.example.net", day) == "district/games"
    assert asked("zuoye.example", "2027-07-16T00:00") == "district/games"
    assert asked("zuoye.example", day, replace(junior, stage="primary-upper")) == "district/games"
    locked = ask(shot, "porn", host="zuoye.example", subject=junior)
    assert locked.clause == "district/harmful"
    found = ask(shot, "games", host="zuoye.example", subject=junior).reason
    assert [(b.clause, b.status) for b in found.basis] == [
        ("备案号 教APP备1100001号", Status.SECONDARY)
    ]


def test_a_school_without_a_file() -> None:
    assert (empty_policy("s9").id, empty_policy("s9").scope) == ("s9", Scope.SCHOOL)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "registers" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_registers_are_loaded_and_their_errors_placed(tmp_path: Path) -> None:
    given = load_policies([write(tmp_path, "s9.csv", HEAD + ROW)])
    made = {one.id: one for one in given.policies}["s9"]
    assert [one.id for one in made.clauses] == ["register-1"]
    categories = tuple(load_categories([]).values())
    assert check(given, categories) == []
    (top,) = (one for one in given.policies if one.id == "district")
    from dataclasses import replace

    strict = replace(given, policies=(replace(top, delegates=()), made))
    found = check(strict, categories)
    assert [(p.file, p.line) for p in found] == [(str(tmp_path / "registers" / "s9.csv"), 2)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("district.csv", HEAD + ROW, "is a district policy"),
        ("junior.csv", HEAD + ROW, "is a preset policy"),
        ("s9.csv", HEAD + "a,1\n", "s9.csv:2"),
    ],
)
def test_bad_registers(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load_policies([write(tmp_path, name, text)])


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (write(tmp_path, "s9.csv", "") / "registers" / "s9.csv").write_bytes(b"\xff\xff\xff")
    with pytest.raises(DataError, match="GB 18030"):
        load_policies([tmp_path])


def test_a_cell_is_bounded_whatever_others_allow() -> None:
    before = csv.field_size_limit(1024 * 1024)
    try:
        (problem,) = read_register(HEAD + '"' + "x" * 200_000, "r.csv").problems
    finally:
        csv.field_size_limit(before)
    assert "not valid CSV" in problem.message
