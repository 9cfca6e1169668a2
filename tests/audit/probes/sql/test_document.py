"""A query that failed is a gap; a secret that slipped through is taken out."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.sql.answers import Reply, reply
from audit.probes.sql.document import document, evidence, nothing
from audit.probes.sql.plan import PLATFORMS, load_plan


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


CELLS = st.one_of(
    st.none(), st.integers(), st.floats(), st.binary(max_size=6), st.text(max_size=8),
    st.sampled_from(["t", "on", "1.2.3", "9" * 400, "²", "::", "0.0.0.0", "host", "%", "OPEN"]),
    st.lists(st.none(), max_size=2), st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
)  # fmt: skip

PLANS = {one: load_plan(one) for one in PLATFORMS}
WORDS = {
    name: {one.id: sorted({*re.findall(r"[a-z_]{2,}", one.sql), "value"}) for one in plan.queries}
    for name, plan in PLANS.items()
}


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_a_server_answers_there_is_a_document(platform: str, data: st.DataObject) -> None:
    plan = PLANS[platform]
    cells = data.draw(st.lists(CELLS, min_size=7, max_size=7))
    known = ["expire_logs_days", "listen_addresses", "log_file_mode", "sql_mode"]
    name = data.draw(st.sampled_from(known))
    found = {}
    for query, words in WORDS[platform].items():
        row = {word: cells[at % 7] for at, word in enumerate(words)}
        row["variable_name"] = row["name"] = name
        found[query] = reply([row], limit=3)
    file = {"mode": "0600"} if platform == "sqlite" else None
    json.dumps(document(plan, found, file=file), allow_nan=False)
