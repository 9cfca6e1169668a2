"""A query that failed is a gap; a secret that slipped through is taken out."""

from __future__ import annotations

import json

from audit.probes.sql.answers import Reply, reply
from audit.probes.sql.document import document, evidence, nothing
from audit.probes.sql.plan import load_plan


def test_each_failure_is_a_gap_over_what_the_query_gives() -> None:
    plan = load_plan("dm")
    made = document(plan, {"dba": reply([{"grantee": "A"}], limit=9),
                           "users": Reply(why="denied", detail="no")})  # fmt: skip
    why = {gap["path"]: gap["why"] for gap in made["gaps"]}
    assert made["administrators"] == ["A"]
    assert "administrators" not in why
    assert why["users"] == "denied"
    assert why["settings"] == "not-run"


def test_a_list_that_was_cut_off_says_so() -> None:
    plan = load_plan("dm")
    made = document(plan, {"dba": Reply(rows=({"grantee": "A"},), cut=True)})
    assert {"administrators": "cut"}.items() <= {g["path"]: g["why"] for g in made["gaps"]}.items()


def test_queries_of_the_other_flavour_are_no_gap() -> None:
    plan = load_plan("mysql")
    version = reply([{"version": "10.11.1-MariaDB", "comment": ""}], limit=1)
    made = document(plan, {"version": version, "users_mariadb": reply([], limit=1)})
    assert "plugins.components" not in {gap["path"] for gap in made["gaps"]}
    assert "users" not in {gap["path"] for gap in made["gaps"]}


def test_no_secret_gets_into_evidence() -> None:
    plan = load_plan("postgresql")
    secret = "$6$rounds=5000$abcdefgh$" + "x" * 40
    made = document(plan, {"roles": reply([{"rolname": secret, "rolcanlogin": True}], limit=9)})
    one = evidence("db", plan, made, method="m", taken=1.0)
    assert secret not in json.dumps(one.document)
    assert one.id.startswith("db:postgresql:")
    assert evidence("db", plan, made, method="m", taken=2.0).digest == one.digest


def test_nothing() -> None:
    one = nothing("db", "mysql", "login: password=geheim", method="m", taken=1.0)
    assert one.document is None
    assert "geheim" not in one.problem
