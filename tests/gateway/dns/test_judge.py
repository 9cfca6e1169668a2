"""gateway.dns.judge: the shipped rules and policies, asked by name."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.dns.judge import Judge, treatment
from gateway.dns.ruling import Treatment
from gateway.dns.wire import Ede
from gateway.pipeline import Deed, Outcome
from gateway.reload import Follower
from policies.compile import compile_policies
from policies.load import load_policies
from policies.model import Action, Depth, Order, Subject
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
