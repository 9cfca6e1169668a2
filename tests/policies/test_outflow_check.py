"""What must hold of an outflow section beyond its shape."""

from policies.carries import Carries
from policies.model import Action
from policies.outflow_check import outflow_findings
from policies.policy import Approved, Outflow, OutflowRule
from tests.policies.samples import WORDS, district, policy


def rule(name: str, action: str = "warn", **more: object) -> OutflowRule:
    return OutflowRule(id=name, title=WORDS, action=Action(action), reason=WORDS,
                       carries=Carries(), **more)  # type: ignore[arg-type]  # fmt: skip


def found(outflow: Outflow, *, school: bool = False) -> list[str]:
    made = policy("s1", "school", outflow=outflow) if school else district(outflow=outflow)
    return [what for _, what, _ in outflow_findings(made)]


def test_a_good_section() -> None:
    assert found(Outflow(rules=(rule("a"), rule("b", "mask")))) == []


def test_every_problem_is_told() -> None:
    told = found(Outflow(rules=(rule("a"), rule("a"), rule("A b"), rule("c", "redirect")
                                if "redirect" in set(Action) else rule("approved"))))  # fmt: skip
    assert any("stands twice" in one for one in told)
    assert any("cannot be the id" in one for one in told)


def test_what_only_the_district_may() -> None:
    told = found(
        Outflow(approved=Approved(hosts=("a.example",)), largest=32,
                rules=(rule("a", locked=True), rule("b", "allow"))),
        school=True,
    )  # fmt: skip
    for word in ("approves destinations", "how much is held", "can be locked", "for a time"):
        assert any(word in one for one in told), word
