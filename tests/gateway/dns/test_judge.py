"""gateway.dns.judge: the shipped rules and policies, asked by name."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.background import Background
from gateway.dns.judge import Judge, treatment
from gateway.dns.ruling import Treatment
from gateway.dns.wire import Ede
from gateway.pipeline import Deed, Outcome
from gateway.reload import Follower
from policies.compile import compile_policies
from policies.load import load_policies
from policies.model import NO_USAGE, Action, Depth, Order, Role, Subject, Usage
from policies.moment import at
from rules.model import MARKER_ZONE, Basis, Gap, Layer, Signals

CLIENT = "10.1.2.3"


@pytest.fixture(scope="module")
def loaded(published):
    return Follower(published).load()


@pytest.fixture(scope="module")
def ask(loaded):
    def make(**subject):
        who = replace(loaded.snapshot.default_subject, **subject)
        moment = at("2026-08-31T10:00")
        return Judge(loaded.base, loaded.snapshot, lambda _: who, lambda: moment)

    return make


def marker(category):
    return f"{category}.{MARKER_ZONE}"


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        (marker("gambling"), Treatment.PAGE),
        ("www." + marker("gambling"), Treatment.PAGE),
        (marker("education"), Treatment.PASS),
        ("a\\046b.example", Treatment.PASS),
        ("", Treatment.PASS),
    ],
)
def test_the_shipped_policy_by_name(ask, name, choice):
    found = ask()(name, CLIENT)
    assert found.treatment is choice
    assert found.facts.host == name


def test_a_block_says_whose_duty_it_is_and_what_it_is(ask):
    found = ask()(marker("gambling"), CLIENT)
    assert found.ede == Ede.BLOCKED
    assert found.label.endswith("ambling")


def test_an_alias_of_a_blocked_name_is_blocked_and_recorded_with_the_name_it_leads_to(ask):
    target = marker("gambling")
    found = ask()(marker("education"), CLIENT, targets=("cdn.example", target))
    assert found.treatment is Treatment.PAGE
    assert (found.facts.host, found.facts.names) == (marker("education"), (target,))
    assert "gambling" in found.outcome.verdict.deciding


def test_an_unknown_target_takes_nothing_away_where_only_listed_names_pass(ask):
    child = ask(stage="kindergarten", tier="3-8")
    assert child("cdn.example", CLIENT).treatment is Treatment.PAGE
    assert child(marker("kids"), CLIENT).treatment is Treatment.PASS
    assert child(marker("kids"), CLIENT, targets=("cdn.example",)).treatment is Treatment.PASS


def test_an_orders_host_is_found_behind_an_alias(loaded):
    order = Order(
        id="o-1", action=Action.BLOCK, basis=Basis(source="test"), issuer="t", hosts=("x.example",)
    )
    snapshot = compile_policies(
        load_policies(()), categories=loaded.base.categories, rulebase="", orders=(order,)
    )
    moment = at("2026-08-31T10:00")
    judge = Judge(loaded.base, snapshot, lambda _: snapshot.default_subject, lambda: moment)
    found = judge("site.example", CLIENT, targets=("cdn.example", "www.x.example"))
    assert found.treatment is Treatment.PAGE
    assert found.facts.names == ("www.x.example",)


def test_help_wins_over_what_its_alias_leads_to(ask, loaded):
    helping = [c.id for c in loaded.base.categories if c.layer is Layer.HELP]
    assert helping
    for category in helping:
        found = ask()(marker(category), CLIENT, targets=(marker("gambling"),))
        assert found.treatment is Treatment.PASS


def test_who_asks_comes_from_the_address(loaded):
    moment = at("2026-08-31T10:00")
    met = []

    def subject(address):
        met.append(address)
        return Subject(stage="senior")

    judge = Judge(loaded.base, loaded.snapshot, subject, lambda: moment)
    assert judge("a.cn", CLIENT).subject.stage == "senior"
    assert met == [CLIENT]


@pytest.mark.parametrize("gap", [Gap.FOREIGN_CLIENT, Gap.MALFORMED])
def test_gaps_are_decided_too(ask, gap):
    found = ask()("", "8.8.8.8", gap=gap)
    assert found.facts.gap is gap
    assert found.outcome.verdict.trace


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(name=st.text(max_size=80), targets=st.lists(st.text(max_size=40), max_size=3))
def test_any_name_is_decided(ask, name, targets):
    assert isinstance(ask()(name, CLIENT, targets=tuple(targets)).treatment, Treatment)


@pytest.mark.parametrize(
    ("deed", "depth", "choice"),
    [
        (Deed.PASS, Depth.DNS, Treatment.PASS),
        (Deed.OPEN, Depth.CONTENT, Treatment.PASS),
        (Deed.REWRITE, Depth.CONTENT, Treatment.REWRITE),
        (Deed.WARN, Depth.CONTENT, Treatment.PASS),
        (Deed.WARN, Depth.NAME, Treatment.PAGE),
        (Deed.WARN, Depth.DNS, Treatment.PAGE),
        (Deed.PAGE, Depth.CONTENT, Treatment.PAGE),
        (Deed.PAGE, Depth.DNS, Treatment.PAGE),
        (Deed.REFUSE, Depth.NAME, Treatment.PAGE),
    ],
)
def test_what_dns_can_do_about_a_verdict(deed, depth, choice):
    assert treatment(Outcome(deed, SimpleNamespace(depth=depth), Signals())) is choice


# -- quotas at depth dns ---------------------------------------------------------------

METERED_SCHOOL = """\
id: s1
title: {{zh: 校, en: school}}
scope: school
inspection: {{depth: {depth}}}
clauses:
  - id: video
    title: {{zh: 视频, en: video}}
    when: {{categories: [video, updates]}}
    action: limit
    quota: {{minutes: 30, within: next, exempt: [education]}}
    reason: {{zh: 用完了。, en: Used up.}}
"""


def metered(loaded, folder, used=NO_USAGE, depth="dns"):
    """A Judge for a school that has half an hour of video a day."""
    (folder / "schools").mkdir(exist_ok=True)
    text = METERED_SCHOOL.format(depth=depth)
    (folder / "schools" / "s1.yaml").write_text(text, encoding="utf-8")
    snapshot = compile_policies(
        load_policies((folder,)), categories=loaded.base.categories, rulebase=""
    )
    subject = Subject(school="s1", role=Role.TEACHER, token="t1")
    moment = at("2026-08-31T18:00")
    asked = []

    def usage(token, when):
        asked.append((token, when))
        return used

    back = Background(categories=("updates",))
    judge = Judge(loaded.base, snapshot, lambda _: subject, lambda: moment, usage, back)
    return judge, asked


def used(minutes):
    return Usage(minutes={"s1/video@day": minutes})


def test_a_metered_name_counts_the_minute_and_a_used_up_quota_blocks(loaded, tmp_path):
    judge, asked = metered(loaded, tmp_path, used(29))
    found = judge(marker("video"), CLIENT)
    assert (found.treatment is Treatment.PAGE, found.counters) == (False, ("s1/video",))
    assert [token for token, _ in asked] == ["t1"]
    judge, _ = metered(loaded, tmp_path, used(30))
    found = judge(marker("video"), CLIENT)
    assert (found.treatment, found.counters) == (Treatment.PAGE, ())
    assert found.outcome.verdict.clause == "s1/video"
    assert found.outcome.verdict.spent is not None


def test_other_names_are_not_asked_for(loaded, tmp_path):
    judge, asked = metered(loaded, tmp_path, used(30))
    found = judge(marker("education"), CLIENT)
    assert (found.treatment, found.counters, asked) == (Treatment.PASS, (), [])


def test_background_costs_no_minute(loaded, tmp_path):
    judge, asked = metered(loaded, tmp_path, used(1))
    found = judge(marker("updates"), CLIENT)
    assert found.treatment is Treatment.PASS
    assert found.counters == ()
    assert asked


@pytest.mark.parametrize("depth", ["name", "content"])
def test_at_other_depths_the_proxy_counts(loaded, tmp_path, depth):
    judge, asked = metered(loaded, tmp_path, used(30), depth=depth)
    found = judge(marker("video"), CLIENT)
    assert found.treatment is not Treatment.PAGE
    assert (found.counters, asked) == ((), [])


def test_an_alias_that_leads_to_a_used_up_quota(loaded, tmp_path):
    judge, _ = metered(loaded, tmp_path, used(30))
    found = judge(marker("education"), CLIENT, targets=(marker("video"),))
    assert found.treatment is Treatment.PAGE
