"""The heart, with the shipped rules and policies: recognised, decided, and what to do about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.pipeline import Deed, judge
from policies.compile import Snapshot, compile_policies
from policies.load import load_policies
from policies.model import Action, Depth, Order, Subject
from policies.moment import at
from rules.base import RuleBase
from rules.compile import build
from rules.model import MARKER_ZONE, Basis, Facts, Gap, Layer, Stage

NOON = at("2026-09-16T12:00")
JUNIOR = Subject(stage="junior", tier="12-16")


class World:
    """What judging needs: the rules and policies of this repository."""

    def __init__(self, data: Path) -> None:
        build(data)
        self.base = RuleBase.open(data / "rulebase")
        self.snapshot: Snapshot = compile_policies(
            load_policies(), categories=self.base.categories, rulebase=self.base.hash
        )

    def judge(self, subject: Subject = JUNIOR, **facts: object) -> object:
        return judge(Facts(**facts), subject, self.base, self.snapshot, NOON)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("pipeline"))
    yield found
    found.base.close()


def deed(world: World, host: str, stage: Stage = Stage.REQUEST, **more: object) -> Deed:
    outcome = world.judge(
        stage=stage, host=host, path="/" if stage is Stage.REQUEST else "", **more
    )
    return outcome.deed  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("host", "stage", "expected"),
    [
        (f"gambling.{MARKER_ZONE}", Stage.REQUEST, Deed.PAGE),
        (f"gambling.{MARKER_ZONE}", Stage.DNS, Deed.PAGE),
        (f"gambling.{MARKER_ZONE}", Stage.TLS, Deed.OPEN),
        (f"education.{MARKER_ZONE}", Stage.REQUEST, Deed.PASS),
        (f"education.{MARKER_ZONE}", Stage.TLS, Deed.OPEN),
        (f"affect-values.{MARKER_ZONE}", Stage.REQUEST, Deed.WARN),
        (f"search.{MARKER_ZONE}", Stage.REQUEST, Deed.REWRITE),
        (f"banking.{MARKER_ZONE}", Stage.TLS, Deed.PASS),
        (f"vpn.{MARKER_ZONE}", Stage.REQUEST, Deed.PAGE),
        ("nobody-knows-this.example", Stage.REQUEST, Deed.PASS),
        ("nobody-knows-this.example", Stage.TLS, Deed.OPEN),
    ],
)
def test_a_pupil_at_noon(world: World, host: str, stage: Stage, expected: Deed) -> None:
    assert deed(world, host, stage) is expected


def test_a_rewrite_does_not_open_what_is_never_opened(world: World) -> None:
    everywhere = Order(
        id="o", action=Action.REWRITE, basis=Basis(source="t"), issuer="t", categories=("banking",)
    )
    shot = compile_policies(
        load_policies(), categories=world.base.categories, rulebase="", orders=[everywhere]
    )
    bank = Facts(stage=Stage.TLS, host=f"banking.{MARKER_ZONE}")
    outcome = judge(bank, JUNIOR, world.base, shot, NOON)
    assert outcome.verdict.enforced is Action.REWRITE
    assert outcome.deed is Deed.PASS


@pytest.mark.parametrize("gap", [Gap.NOT_HTTP, Gap.TLCP, Gap.CLIENT_CERT])
def test_what_cannot_be_read_and_should_be_rewritten_does_not_pass(world: World, gap: Gap) -> None:
    assert deed(world, f"search.{MARKER_ZONE}", Stage.TLS) is Deed.OPEN
    assert deed(world, f"search.{MARKER_ZONE}", Stage.TLS, gap=gap) is not Deed.PASS


def test_without_the_ca_a_blocked_name_is_refused(world: World) -> None:
    visitor = Subject(role="visitor")  # type: ignore[arg-type]
    outcome = world.judge(visitor, stage=Stage.TLS, host=f"gambling.{MARKER_ZONE}")
    assert outcome.verdict.depth is Depth.NAME  # type: ignore[attr-defined]
    assert outcome.deed is Deed.REFUSE  # type: ignore[attr-defined]
    passed = world.judge(visitor, stage=Stage.TLS, host=f"education.{MARKER_ZONE}")
    assert passed.deed is Deed.PASS  # type: ignore[attr-defined]


def test_every_harmful_category_is_blocked_for_every_pupil(world: World) -> None:
    stages = ["kindergarten", "primary-lower", "primary-upper", "junior", "senior", ""]
    harmful = [category for category in world.base.categories if category.layer is Layer.HARMFUL]
    assert len(harmful) >= 14
    for stage in stages:
        for category in harmful:
            outcome = world.judge(
                Subject(stage=stage), stage=Stage.REQUEST, host=category.marker, path="/"
            )
            assert outcome.verdict.enforced is Action.BLOCK, (stage, category.id)  # type: ignore[attr-defined]


def test_help_is_never_blocked_for_anyone(world: World) -> None:
    for stage in ["kindergarten", "primary-lower", "primary-upper", "junior", "senior", ""]:
        for category in world.base.categories:
            if category.layer is not Layer.HELP:
                continue
            for at_stage in Stage:
                outcome = world.judge(Subject(stage=stage), stage=at_stage, host=category.marker)
                assert outcome.verdict.action is not Action.BLOCK, (stage, category.id)  # type: ignore[attr-defined]


@pytest.mark.parametrize("gap", list(Gap))
def test_every_gap_has_a_clause_of_its_own_for_a_pupil(world: World, gap: Gap) -> None:
    outcome = world.judge(stage=Stage.RESPONSE, host="nobody-knows-this.example", gap=gap)
    assert outcome.verdict.reason.text.zh  # type: ignore[attr-defined]
    if gap in (
        Gap.UNDECODABLE,
        Gap.BOMB,
        Gap.MALFORMED,
        Gap.FORBIDDEN_DESTINATION,
        Gap.FOREIGN_CLIENT,
    ):
        assert outcome.deed is Deed.PAGE  # type: ignore[attr-defined]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    host=st.text(max_size=40),
    names=st.lists(st.text(max_size=20), max_size=3),
    stage=st.sampled_from(list(Stage)),
    gap=st.one_of(st.none(), st.sampled_from(list(Gap))),
    school_stage=st.text(max_size=10),
    labels=st.lists(st.text(max_size=10), max_size=2),
)
def test_total(
    world: World,
    host: str,
    names: list[str],
    stage: Stage,
    gap: Gap | None,
    school_stage: str,
    labels: list[str],
) -> None:
    outcome = world.judge(
        Subject(stage=school_stage),
        stage=stage,
        host=host,
        names=tuple(names),
        gap=gap,
        labels=tuple(labels),
    )
    assert isinstance(outcome.deed, Deed)  # type: ignore[attr-defined]
    assert outcome.verdict.reason.text.zh  # type: ignore[attr-defined]
