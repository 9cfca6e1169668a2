"""A run over recorded evidence: all items, findings with evidence, unknown kept apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from audit.catalog import Catalog, load_catalog
from audit.checks import load_checks
from audit.items import Answer
from audit.model import Check, Evidence, ObjectClass, State, Target, Why
from audit.probes import host
from audit.run import Run, assess, described, examine
from audit.yardsticks import Yardsticks, load_yardsticks

HERE = Path(__file__).parent
NOW = 1_795_460_000.0
HOST = Target(id="web01", name="web01", system="s", kind=ObjectClass.SERVER, platform="debian")


@cache
def catalog() -> Catalog:
    return load_catalog()


@cache
def checks() -> Mapping[str, Check]:
    return load_checks()


@cache
def yardsticks() -> Yardsticks:
    return load_yardsticks()


@cache
def evidence() -> Evidence:
    raw = (HERE / "recordings" / "debian12.txt").read_bytes()
    return host.evidence("web01", raw, method="recorded", taken=NOW, live=False)


def run(*seen: Evidence, level: int = 3, answers: tuple[Answer, ...] = ()) -> Run:
    return assess(
        catalog=catalog(),
        checks=checks(),
        targets=(HOST,),
        evidence=seen,
        scoring=yardsticks().scoring,
        aggregation=yardsticks().aggregation,
        now=NOW,
        level=level,
        answers=answers,
    )


def test_a_recorded_host() -> None:
    found = run(evidence())
    assert len(found.items) == 211
    assert found.facts_decided >= 200
    assert not found.holds
    assert found.score.rate is None  # unknown items block a conclusion
    told = json.loads(json.dumps(described(found, checks()), ensure_ascii=False))
    items = {one["clause"]: one for one in told["items"]}
    login = items["8.1.4.1.a"]
    assert login["state"] in ("fail", "partial")
    bad = next(one for one in login["findings"] if one["check"] == "linux-password-quality")
    assert (bad["state"], bad["link"]) == ("fail", "decides")
    assert bad["evidence"] == [evidence().id]
    assert bad["remedy"]
    assert items["8.1.1.1.a"]["why"] == "not_checked"
    assert items["8.1.4.5"]["why"] == "pending"
    assert items["8.1.4.5"]["questions"]
    assert told["evidence"][0]["digest"] == evidence().digest
    assert "document" not in told["evidence"][0]


def test_an_unreachable_host_passes_nothing() -> None:
    lost = host.nothing("web01", "unreachable", method="ssh", taken=NOW + 1)
    for seen in ((lost,), (evidence(), lost), ()):
        found = run(*seen)
        assert found.facts_decided == 0
        assert {one.state for one in found.items} == {State.UNKNOWN}
        assert found.holds
    assert {one.why for one in run(lost).findings} == {Why.ERROR}


def test_an_answer_closes_what_was_pending() -> None:
    control = catalog().get("GBT22239-2019:3:8.1.4.5")
    assert control is not None
    said = Answer(
        id="a", control=control.id, state=State.PASS, by="李", reason="统一杀毒", dated=NOW
    )
    found = {one.control: one for one in run(evidence(), answers=(said,)).items}
    assert found[control.id].state is State.PASS


def test_checks_are_for_their_kind_of_target() -> None:
    switch = Target(id="sw", name="sw", system="s", kind=ObjectClass.NETWORK_DEVICE)
    for one in examine(checks(), (switch,), (), NOW):
        assert ObjectClass.NETWORK_DEVICE in checks()[one.check].objects
    assert len(run(evidence(), level=2).items) == 135


def test_a_check_of_another_platform_is_not_missed() -> None:
    kind = ObjectClass.DATABASE
    target = Target(id="t", name="t", system="s", kind=kind, platform="postgresql")
    checks = {
        name: one for name, one in load_checks().items() if one.probe in ("postgresql", "mysql")
    }
    found = examine(checks, [target], [], NOW)
    assert {checks[one.check].probe for one in found} == {"postgresql"}
    assert all(one.state is State.UNKNOWN for one in found)
    unnamed = replace(target, platform="")
    assert len(examine(checks, [unnamed], [], NOW)) == len(checks)
