"""Views on real servers: a role that logs in sees masks, whatever it asks."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from audit.lifecycle.mask_db import Place
from audit.lifecycle.mask_job import Job
from audit.lifecycle.mask_views import Keyed
from audit.lifecycle.mask_views_db import make_views
from policies.masks_files import load_headers, load_mask
from policies.masks_model import Keys
from rules.load import DataError
from rules.personal_files import load_finder
from tests.audit.lifecycle.school import JOIN, fill, person
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
PEOPLE = 40


def ask(url: str, *statements: str) -> list[Any]:
    found: list[Any] = []
    with create_engine(url, poolclass=NullPool).connect() as connection:
        for statement in statements:
            made = connection.execute(text(statement))
            found = [tuple(row) for row in made] if made.returns_rows else []
        connection.commit()
    return found


def real(found: Any) -> list[str]:
    """Values of people in an answer; class numbers and the like are too short to say."""
    said = repr(found)
    return [value for place in range(PEOPLE) for value in person(place) if value in said]


TRICKS = (
    "SELECT * FROM {v}.student",
    "SELECT lower(xm), upper(phone), concat(xm, phone), substr(phone, 4, 4) FROM {v}.student",
    "SELECT coalesce(phone, sfzh), CASE WHEN 1 = 1 THEN sfzh END, trim(remark) FROM {v}.student",
    "SELECT max(sfzh), min(phone), max(remark), count(DISTINCT xm) FROM {v}.student",
    "SELECT x.p FROM (SELECT phone AS p FROM {v}.student) x UNION SELECT sfzh FROM {v}.student",
    "WITH s AS (SELECT * FROM {v}.student) SELECT a.xm FROM s a JOIN s b ON a.phone = b.phone",
    "SELECT xm FROM {v}.student ORDER BY phone, sfzh",
    "SELECT phone FROM {v}.student WHERE phone LIKE '199%'",
    "SELECT reverse(phone), replace(sfzh, '8', '8') FROM {v}.student",
)
FORBIDDEN = (
    "SELECT phone FROM {b}.student", "SELECT count(*) FROM {b}.student WHERE phone LIKE '199%'",
    "SELECT id FROM {b}.student", "UPDATE {v}.student SET xm = 'x'", "DELETE FROM {b}.student",
    "SELECT * FROM {v}._pairs_0",
)  # fmt: skip
PROBES = ("phone = '19900000007'", "sfzh LIKE '8300%'", "remark LIKE '%电话%'", "xm = '{name}'")


def holds(url: str, role: str, view: str, base: str, source: str) -> None:
    for trick in TRICKS:
        found = ask(role, trick.format(v=view))
        assert not real(found), trick
    for probe in PROBES:
        told = probe.format(name=person(7)[1])
        assert ask(role, f"SELECT count(*) FROM {view}.student WHERE {told}") == [(0,)], probe
    for statement in FORBIDDEN:
        with pytest.raises(SQLAlchemyError):
            ask(role, statement.format(v=view, b=base))
    phones = {row[0] for row in ask(role, f"SELECT phone FROM {view}.student")}
    assert phones == {f"199****{place:04}" for place in range(PEOPLE)}
    numbers = {row[0] for row in ask(role, f"SELECT student_no FROM {view}.student")}
    assert len(numbers) == PEOPLE
    assert all(len(one) == 16 for one in numbers)
    assert ask(source, JOIN.format("")) == ask(role, JOIN.format(f"{view}."))


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgresql() as url:
        fill(url, PEOPLE)
        yield url


@pytest.fixture(scope="module")
def maria() -> Iterator[str]:
    with mariadb() as url:
        fill(url, PEOPLE)
        yield url


def views(url: str, role: str, keyed: Keyed = Keyed.PAIRS, **more: Any) -> Any:
    return make_views(
        JOB, Place(url=url), schema="shown", role=role, keyed=keyed, apply=True, **more
    )


@pytest.mark.wire
def test_postgresql(postgres: str) -> None:
    ask(
        postgres,
        "CREATE ROLE teacher LOGIN",
        "GRANT SELECT ON student, class TO teacher",
        "GRANT SELECT (phone) ON student TO PUBLIC",
        "GRANT SELECT (score) ON mark TO teacher",
    )
    teacher = postgres.replace("qinglang@", "teacher@")
    assert real(ask(teacher, "SELECT * FROM student"))
    made = views(postgres, "teacher")
    assert made.pairs > PEOPLE
    holds(postgres, teacher, "shown", "public", postgres)
    # what a planner knows of the tables below, and functions that tell what they are given
    assert ask(teacher, "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'") == [(0,)]
    ask(postgres, "ANALYZE")
    assert ask(teacher, "SELECT count(*) FROM pg_stats WHERE tablename = 'student'") == [(0,)]
    plan = ask(teacher, "EXPLAIN SELECT * FROM shown.student WHERE phone = '19900000007'")
    assert not real([row for row in plan if "Filter" not in row[0]])
    ask(postgres, "GRANT CREATE, USAGE ON SCHEMA public TO teacher")
    leak = (
        "CREATE FUNCTION public.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS"
        " $$BEGIN IF $1 NOT LIKE '199****%' THEN RAISE EXCEPTION 'leak %', $1; END IF;"
        " RETURN true; END$$"
    )
    ask(teacher, leak)
    assert len(ask(teacher, "SELECT 1 FROM shown.student WHERE public.leak(phone)")) == PEOPLE
    shadow = "CREATE FUNCTION public.repeat(text, integer) RETURNS text LANGUAGE sql AS 'SELECT $1'"
    ask(teacher, shadow)
    assert ask(teacher, "SET search_path = public, pg_catalog",
               "SELECT phone FROM shown.student WHERE phone = '199****0007'") != []  # fmt: skip
    with pytest.raises(SQLAlchemyError) as error:
        ask(teacher, "SELECT CAST(phone AS integer) FROM shown.student")
    assert not real(str(error.value))
    views(postgres, "teacher")  # again: replaced
    holds(postgres, teacher, "shown", "public", postgres)


@pytest.mark.wire
@pytest.mark.parametrize(
    ("statements", "word"),
    [
        (("CREATE ROLE big SUPERUSER", "GRANT big TO inside"), "powers"),
        (("GRANT pg_read_all_data TO inside",), "powers"),
        (("CREATE ROLE staff", "GRANT SELECT ON student TO staff", "GRANT staff TO inside"),
         "still reaches"),
        (("CREATE VIEW other AS SELECT phone FROM student",
          "CREATE VIEW over AS SELECT phone FROM other", "GRANT SELECT ON over TO inside"),
         "another view"),
    ],
)  # fmt: skip
def test_ways_around_are_refused_and_nothing_changes(
    postgres: str, statements: tuple[str, ...], word: str
) -> None:
    with ExitStack() as after:
        after.callback(
            ask, postgres, "DROP VIEW IF EXISTS over, other", "DROP OWNED BY inside",
            "DROP ROLE inside", "DO $$BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname ="
            " 'staff') THEN DROP OWNED BY staff; END IF; END$$",
            "DROP ROLE IF EXISTS staff, big",
        )  # fmt: skip
        ask(postgres, "CREATE ROLE inside LOGIN", *statements)
        with pytest.raises(DataError, match=word):
            make_views(JOB, Place(url=postgres), schema="never", role="inside",
                       keyed=Keyed.PAIRS, apply=True)  # fmt: skip
        assert ask(postgres, "SELECT 1 FROM pg_namespace WHERE nspname = 'never'") == []


@pytest.mark.wire
def test_what_is_refused_before_anything_is_touched(postgres: str) -> None:
    with pytest.raises(DataError, match="密钥") as error:
        make_views(JOB, Place(url=postgres), schema="x", role="qinglang", keyed=Keyed.REFUSE)
    assert "student.student_no" in str(error.value)
    with pytest.raises(DataError, match="no such role"):
        make_views(JOB, Place(url=postgres), schema="x", role="nobody", keyed=Keyed.REDACT)
    with pytest.raises(DataError, match="schema of their own"):
        make_views(JOB, Place(url=postgres), schema="public", role="x", keyed=Keyed.REDACT)
    ask(postgres, "CREATE SCHEMA IF NOT EXISTS theirs",
        "CREATE TABLE IF NOT EXISTS theirs.precious (a int)")  # fmt: skip
    with pytest.raises(DataError, match="something else"):
        make_views(JOB, Place(url=postgres), schema="theirs", role="qinglang",
                   keyed=Keyed.REDACT, apply=True)  # fmt: skip


@pytest.mark.wire
def test_mariadb(maria: str) -> None:
    ask(
        maria,
        "CREATE USER teacher@localhost",
        "GRANT SELECT ON district.student TO teacher@localhost",
        "GRANT SELECT (score) ON district.mark TO teacher@localhost",
        "GRANT SELECT, UPDATE ON district.* TO teacher@localhost",
    )
    teacher = maria.replace("root@", "teacher@").replace("/district?", "/?")
    assert real(ask(teacher, "SELECT * FROM district.student"))
    made = views(maria, "teacher@localhost")
    assert made.pairs > PEOPLE
    holds(maria, teacher, "shown", "district", maria)
    views(maria, "teacher@localhost")
    holds(maria, teacher, "shown", "district", maria)
    with pytest.raises(SQLAlchemyError):
        ask(teacher, "SHOW CREATE VIEW shown.student")
    assert ask(teacher, "SELECT * FROM information_schema.VIEWS WHERE VIEW_DEFINITION <> ''") == []


@pytest.mark.wire
@pytest.mark.parametrize(
    ("statements", "word"),
    [
        (("GRANT SELECT ON *.* TO inside@localhost",), "global privilege"),
        (("CREATE ROLE staff", "GRANT SELECT ON district.student TO staff",
          "GRANT staff TO inside@localhost"), "still reaches"),
        (("CREATE VIEW test2.other AS SELECT phone FROM district.student",
          "GRANT SELECT ON test2.* TO inside@localhost"), "another view"),
    ],
)  # fmt: skip
def test_ways_around_in_mariadb(maria: str, statements: tuple[str, ...], word: str) -> None:
    with ExitStack() as after:
        after.callback(ask, maria, "DROP USER inside@localhost", "DROP DATABASE test2",
                       "DROP ROLE IF EXISTS staff")  # fmt: skip
        ask(maria, "CREATE DATABASE test2", "CREATE USER inside@localhost", *statements)
        with pytest.raises(DataError, match=word):
            make_views(JOB, Place(url=maria), schema="never", role="inside@localhost",
                       keyed=Keyed.REDACT, apply=True)  # fmt: skip
        assert ask(maria, "SHOW DATABASES LIKE 'never'") == []
