"""Results masked by the origin of their columns; whatever cannot be proved is refused."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    cast,
    column,
    delete,
    distinct,
    exists,
    func,
    insert,
    lateral,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    tuple_,
    type_coerce,
    union,
    union_all,
    update,
    values,
)

from audit.lifecycle.mask_db import Place
from audit.lifecycle.mask_job import Job
from audit.lifecycle.masked_engine import MaskedEngine
from policies.masks_files import load_headers, load_mask
from policies.masks_model import Keys
from rules.load import DataError, WorldError
from rules.personal_files import load_finder
from tests.audit.lifecycle.school import fill, person
from tests.audit.lifecycle.servers import mariadb, postgresql

POLICY, DIGEST = load_mask("sharing")
JOB = Job(
    policy=POLICY,
    digest=DIGEST,
    keys=Keys(id="k1", master=bytes(32)),
    finder=load_finder(),
    headers=load_headers(),
    today=date(2026, 11, 1),
)
PEOPLE = 30


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> MaskedEngine:
    url = f"sqlite:///{tmp_path_factory.mktemp('db')}/a.db"
    fill(url, PEOPLE)
    return MaskedEngine(JOB, Place(url=url))


def real(found: Any) -> list[str]:
    said = repr(found)
    return [value for place in range(PEOPLE) for value in person(place) if value in said]


def _again(query: Any) -> Any:
    return query.union(select(query.c.phone))


def _guessed(student: Any) -> Any:
    guess = select(literal("19900000001").label("x")).subquery()
    return select(student.c.class_id).select_from(student.join(guess, guess.c.x == student.c.phone))


type Of = Callable[[Any, Any, Any], Any]

GOOD: dict[str, Of] = {
    "whole": lambda s, c, m: select(s),
    "alias": lambda s, c, m: select(s.alias("x").c.phone),
    "label": lambda s, c, m: select(s.c.phone.label("sex")),
    "twice": lambda s, c, m: select(s.c.phone, s.c.phone, s.c.sfzh),
    "subquery": lambda s, c, m: select(select(s.c.phone.label("p"), s.c.id).subquery().c.p),
    "deeper": lambda s, c, m: select(
        select(select(s.c.xm).subquery().alias("a").c.xm).subquery().c.xm
    ),
    "cte": lambda s, c, m: select(select(s.c.sfzh).cte("q").c.sfzh),
    "cte of one name": lambda s, c, m: select(
        select(s.c.class_id.label("phone"), s.c.phone.label("class_id")).cte("q")
    ),
    "scalar": lambda s, c, m: select(
        select(s.c.phone).limit(1).scalar_subquery()
    ),
    "union": lambda s, c, m: union(select(s.c.phone), select(s.c.phone)),
    "union below": lambda s, c, m: select(
        union_all(select(s.c.xm), select(s.c.xm)).subquery().c.xm
    ),
    "join": lambda s, c, m: select(s.c.xm, m.c.score, c.c.class_name)
    .join(m, m.c.student_no == s.c.student_no)
    .join(c),
    "join from": lambda s, c, m: select(s.c.xm).select_from(
        s.join(m, and_(m.c.student_no == s.c.student_no, m.c.score > 60))
    ),
    "grouped": lambda s, c, m: select(s.c.xm, func.count()).group_by(s.c.xm),
    "distinct": lambda s, c, m: select(s.c.phone).distinct(),
    "exists": lambda s, c, m: select(s.c.xm).where(
        exists().where(m.c.student_no == s.c.student_no)
    ),
    "order": lambda s, c, m: select(s.c.xm).order_by(m.c.score).join(
        m, m.c.student_no == s.c.student_no
    ),
}  # fmt: skip
BAD: dict[str, Of] = {
    "lower": lambda s, c, m: select(func.lower(s.c.xm)),
    "concat": lambda s, c, m: select(func.concat(s.c.phone, "")),
    "plus": lambda s, c, m: select(s.c.phone + ""),
    "case": lambda s, c, m: select(case((s.c.class_id > 0, s.c.phone))),
    "case when": lambda s, c, m: select(case((s.c.phone.like("1%"), 1), else_=0)),
    "cast": lambda s, c, m: select(cast(s.c.phone, Integer)),
    "type": lambda s, c, m: select(type_coerce(s.c.phone, String)),
    "max": lambda s, c, m: select(func.max(s.c.phone)),
    "min below": lambda s, c, m: select(select(func.min(s.c.sfzh).label("x")).subquery().c.x),
    "count": lambda s, c, m: select(func.count(distinct(s.c.phone))),
    "json": lambda s, c, m: select(func.json_object("p", s.c.phone)),
    "json of a row": lambda s, c, m: select(func.row_to_json(s.table_valued())),
    "unknown function": lambda s, c, m: select(func.query_to_xml("SELECT * FROM student")),
    "package": lambda s, c, m: select(func.evil.lower("x")),
    "where": lambda s, c, m: select(s.c.id).where(s.c.phone == "19900000001"),
    "where or": lambda s, c, m: select(s.c.class_id).where(or_(s.c.phone > "1", s.c.id > 0)),
    "like": lambda s, c, m: select(s.c.class_id).where(s.c.phone.like("199%")),
    "in": lambda s, c, m: select(s.c.class_id).where(s.c.phone.in_(["19900000001"])),
    "in query": lambda s, c, m: select(c.c.id).where(
        c.c.class_name.in_(select(s.c.phone))
    ),
    "is": lambda s, c, m: select(s.c.class_id).where(s.c.phone.is_(None)),
    "between": lambda s, c, m: select(s.c.class_id).where(s.c.phone.between("1", "2")),
    "tuple": lambda s, c, m: select(s.c.class_id).where(tuple_(s.c.phone).in_([("1",)])),
    "having": lambda s, c, m: select(func.count()).group_by(s.c.class_id).having(
        func.max(s.c.phone) > "1"
    ),
    "exists": lambda s, c, m: select(c.c.class_name).where(exists().where(s.c.phone == "1")),
    "exists below": lambda s, c, m: select(c.c.class_name).where(
        select(s.c.class_id).where(s.c.phone == "1").exists()
    ),
    "order": lambda s, c, m: select(s.c.class_id).order_by(s.c.phone),
    "order by label": lambda s, c, m: select(s.c.phone.label("p")).order_by("p"),
    "order desc": lambda s, c, m: select(s.c.class_id).order_by(s.c.phone.desc()),
    "group by function": lambda s, c, m: select(func.count()).group_by(func.lower(s.c.xm)),
    "join by probe": lambda s, c, m: select(s.c.class_id).join(m, s.c.phone == "1"),
    "join with words": lambda s, c, m: select(s.c.class_id).join(
        select(literal("19900000001").label("x")).subquery("w"),
        text("w.x = student.phone"),
    ),
    "join with a literal": lambda s, c, m: _guessed(s),
    "join of others": lambda s, c, m: select(s.c.class_id).select_from(
        s.join(m, m.c.student_no == s.c.phone)
    ),
    "join below": lambda s, c, m: select(
        select(c.c.class_name)
        .select_from(c.join(s, and_(s.c.class_id == c.c.id, s.c.phone == "1")))
        .subquery().c.class_name
    ),
    "unused below": lambda s, c, m: select(c.c.class_name).select_from(
        c.join(select(s.c.class_id).where(s.c.phone == "1").subquery(), literal(1) == 1)
    ),
    "union of two": lambda s, c, m: union(select(s.c.phone), select(s.c.remark)),
    "union with plain": lambda s, c, m: union(select(c.c.class_name), select(s.c.phone)),
    "union with words": lambda s, c, m: union(select(s.c.phone), select(literal("x"))),
    "text": lambda s, c, m: text("SELECT phone FROM student"),
    "text columns": lambda s, c, m: text("SELECT phone FROM student").columns(s.c.class_id),
    "star": lambda s, c, m: select(literal_column("*")).select_from(s),
    "star in exists": lambda s, c, m: select(select(literal_column("*")).select_from(s).subquery()),
    "text in": lambda s, c, m: select(text("phone")).select_from(s),
    "text where": lambda s, c, m: select(c.c.id).where(text("1=1")),
    "literal column": lambda s, c, m: select(literal_column("phone")).select_from(s),
    "bare column": lambda s, c, m: select(column("phone")).select_from(s),
    "own table": lambda s, c, m: select(table("student", column("phone")).c.phone),
    "other table": lambda s, c, m: select(
        Table("student", MetaData(), Column("phone", String, key="class_id")).c.class_id
    ),
    "operator": lambda s, c, m: select(c.c.id.op("|| (SELECT phone FROM student) ||")("")),
    "prefix": lambda s, c, m: select(c.c.id).prefix_with("phone,"),
    "suffix": lambda s, c, m: select(c.c.id).suffix_with("UNION SELECT phone FROM student"),
    "hint": lambda s, c, m: select(c.c.id).with_hint(c, ", student"),
    "statement hint": lambda s, c, m: select(c.c.id).with_statement_hint("x"),
    "lock": lambda s, c, m: select(c.c.id).with_for_update(),
    "window": lambda s, c, m: select(func.count().over(order_by=s.c.phone)),
    "filter": lambda s, c, m: select(func.count().filter(s.c.phone == "1")),
    "lateral": lambda s, c, m: select(lateral(select(s.c.phone)).c.phone),
    "values": lambda s, c, m: select(values(column("x", String), name="v").data([("1",)])),
    "recursive": lambda s, c, m: select(
        _again(select(s.c.phone).cte("q", recursive=True))
    ),
    "limit": lambda s, c, m: select(c.c.id).limit(
        select(func.max(s.c.phone)).scalar_subquery()
    ),
    "scalar": lambda s, c, m: select(func.lower(select(s.c.phone).scalar_subquery())),
    "row": lambda s, c, m: select(func.count(s.c.phone.label("x"))),
    "insert": lambda s, c, m: insert(c).from_select(["class_name"], select(s.c.phone)),
    "update": lambda s, c, m: update(c).values(class_name="x"),
    "delete": lambda s, c, m: delete(c),
    "words": lambda s, c, m: "SELECT phone FROM student",
}  # fmt: skip


def parts(engine: MaskedEngine) -> tuple[Table, Table, Table]:
    return engine.tables["student"], engine.tables["class"], engine.tables["mark"]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_asked_comes_masked(engine: MaskedEngine, name: str) -> None:
    found = list(engine.rows(GOOD[name](*parts(engine))))
    assert found
    assert not real(found)


@pytest.mark.parametrize("name", BAD)
def test_ways_around_are_refused(engine: MaskedEngine, name: str) -> None:
    try:
        query = BAD[name](*parts(engine))
    except Exception as error:
        pytest.fail(f"the query itself is wrong: {error}")
    with pytest.raises(DataError):
        engine.rows(query)


def test_plain_columns_are_computed_with(engine: MaskedEngine) -> None:
    student, room, mark = parts(engine)
    query = (
        select(func.upper(room.c.class_name), func.count(), func.max(mark.c.score))
        .select_from(student.join(room).join(mark, mark.c.student_no == student.c.student_no))
        .where(or_(mark.c.score >= 60, mark.c.score.is_(None)))
        .group_by(room.c.class_name)
        .order_by(room.c.class_name)
    )
    assert [row[1] for row in engine.rows(query)] == [8, 8, 8, 8, 8, 8, 6, 6]


def test_a_name_that_lies_is_masked_by_its_origin(engine: MaskedEngine) -> None:
    student, _, _ = parts(engine)
    row = next(engine.rows(select(student.c.phone.label("class_name")).limit(1)))
    assert row[0].startswith("199****")


def test_errors_show_no_value(tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path}/a.db", 3)
    one = MaskedEngine(JOB, Place(url=f"sqlite:///{tmp_path}/a.db"))
    (tmp_path / "a.db").write_bytes(b"")
    with pytest.raises(WorldError) as error:
        list(one.rows(select(one.tables["student"])))
    assert not real(str(error.value))


@pytest.mark.wire
@pytest.mark.parametrize("server", [postgresql, mariadb], ids=["postgresql", "mariadb"])
def test_servers(server: Any) -> None:
    with server() as url:
        fill(url, PEOPLE)
        engine = MaskedEngine(JOB, Place(url=url))
        for name, query in GOOD.items():
            if name in ("order", "scalar"):
                continue
            found = list(engine.rows(query(*parts(engine))))
            assert found, name
            assert not real(found), name
        for query in BAD.values():
            with pytest.raises(DataError):
                engine.rows(query(*parts(engine)))
