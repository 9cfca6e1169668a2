"""The lists are closed, read-only and printable; nothing that writes gets in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audit.model import Expectation
from audit.probes.sql.plan import PLATFORMS, faults, load_plan, refused, script, version
from rules.load import DataError
from tests.audit import databases


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_list_is_whole_and_printed(platform: str) -> None:
    plan = load_plan(platform)
    assert plan.id == platform
    text = script(plan)
    for one in plan.queries:
        assert plan.mark.replace("{id}", one.id) in text
        assert " ".join(one.sql.split()) in text
    assert version(plan) in text
    assert not any(word in text.lower() for word in ("identified by '", "password '"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_place_a_check_looks_at_is_given_by_a_query(platform: str) -> None:
    """So that a query that fails makes a gap, never a silence."""
    given = [one.split(".") for query in load_plan(platform).queries for one in query.gives]
    made_elsewhere = {"flavour", "modules", "file"}
    for check in databases.checks().values():
        if check.probe == platform:
            for path in paths(check.expect):
                words = path.split(".")
                assert words[0] in made_elsewhere or any(
                    words[: len(one)] == one for one in given
                ), f"{check.id}: {path}"


def paths(wish: Expectation) -> list[str]:
    inner = [path for one in (*wish.all, *wish.any, *wish.none) for path in paths(one)]
    return [*([wish.path] if wish.path else []), *inner]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from t",
        "select 1; drop table t",
        "select 1 -- x",
        "select * into t from u",
        "select pg_sleep(9)",
        "select pg_read_file('x')",
        "select load_file('/etc/passwd')",
        "select nextval('s')",
        "select 1 from t for update of t",
        "with x as (insert into t values (1) returning 1) select 1",
        "pragma journal_mode = delete",
        "pragma writable_schema(1) x",
        "show tables; set x = 1",
        "copy t to program 'x'",
        "select utl_http.request ('x') from dual",
        "begin",
        "",
    ],
)
def test_what_may_do_more_than_read_is_refused(sql: str) -> None:
    assert refused(sql)


@pytest.mark.parametrize(
    "sql",
    ["select 'delete; drop' as word", "show global variables", "pragma quick_check(10)",
     "select drop_priv, insert_priv from mysql.user"],
)  # fmt: skip
def test_what_only_reads_is_taken(sql: str) -> None:
    assert refused(sql) == ""


def test_faults_are_told_with_their_line(tmp_path: Path) -> None:
    plan = load_plan("sqlite")
    bad = replace(plan.queries[0], sql="drop table t", rows=0)
    found = [message for _, message in faults(replace(plan, queries=(bad, bad)))]
    assert any("twice" in one for one in found)
    assert any("only SELECT" in one for one in found)
    assert any("rows" in one for one in found)
    text = (Path("audit/probes/sql/sqlite.yaml")).read_text("utf-8")
    (tmp_path / "sqlite.yaml").write_text(text.replace("pragma page_count", "drop table t"))
    with pytest.raises(DataError, match=r"sqlite\.yaml:\d\d:1: `pages`: only SELECT"):
        load_plan("sqlite", tmp_path)
    with pytest.raises(DataError, match="postgresql, mysql"):
        load_plan("beos")
