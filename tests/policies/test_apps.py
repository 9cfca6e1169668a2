"""Apps in clauses, quotas and Orders: found by name, counted, and never loosened by a claim."""

from dataclasses import replace

import pytest

from policies.check import check
from policies.compile import Snapshot, compile_policies
from policies.coverage import shadowed
from policies.decide import decide
from policies.document import decode
from policies.explain import explain
from policies.load import load_policies
from policies.model import Action, Office, Order, Subject, Usage
from policies.moment import at
from policies.policy import Policy
from rules.load import DataError, loads
from rules.model import Basis, Facts, Signals, Stage
from rules.sources import load_categories

CATEGORIES = tuple(load_categories().values())
GIVEN = load_policies()
EVENING = at("2026-09-05T18:00")  # a Saturday
PUPIL = Subject(school="s", stage="junior", token="t")
HEAD = 'id: s\ntitle: {zh: "甲", en: A}\nscope: school\nclauses:\n'
CLAUSE = """\
  - id: one
    title: {{zh: "一", en: One}}
    when: {{{when}}}
    action: {action}
    {more}
    reason: {{zh: "因为", en: Because}}
"""


def school(when: str, action: str, more: str = "") -> Policy:
    text = HEAD + CLAUSE.format(when=when, action=action, more=more)
    return loads(Policy, text, "s.yaml")


def with_first(first: Policy | None) -> tuple[Policy, ...]:
    """The shipped policies; the clauses of `first` stand first in the district's."""
    if first is None:
        return GIVEN.policies
    (district,) = (p for p in GIVEN.policies if p.id == "district")
    others = (p for p in GIVEN.policies if p.id != "district")
    return (*others, replace(district, clauses=(*first.clauses, *district.clauses)))


def compiled(
    *policies: Policy, first: Policy | None = None, orders: tuple[Order, ...] = ()
) -> Snapshot:
    given = replace(GIVEN, policies=(*with_first(first), *policies))
    return compile_policies(given, categories=CATEGORIES, rulebase="b", orders=orders)


def asked(shot: Snapshot, *ids: str, minutes: int = 0) -> tuple[Action, str]:
    used = Usage(minutes=dict.fromkeys(shot.metered, minutes))
    facts = Facts(stage=Stage.REQUEST, host="a.example", path="/")
    found = decide(shot, facts, Signals(mask=shot.kinds.mask(ids)), PUPIL, EVENING, used)
    return found.action, found.clause


def test_a_clause_on_an_app_meets_the_app_and_its_program_alone() -> None:
    shot = compiled(school("apps: [douyin]", "block"))
    assert asked(shot, "app:douyin", "short-video") == (Action.BLOCK, "s/one")
    assert asked(shot, "client:douyin", "uncategorised") == (Action.BLOCK, "s/one")
    assert asked(shot, "app:kuaishou", "short-video")[1] != "s/one"


def test_a_clause_on_a_category_meets_the_programs_of_its_apps() -> None:
    shot = compiled(school("categories: [short-video]", "block"))
    assert asked(shot, "client:douyin", "uncategorised") == (Action.BLOCK, "s/one")
    assert asked(shot, "client:wechat", "uncategorised")[1] != "s/one"


def test_a_claim_loosens_nothing() -> None:
    """Whoever says they are the reading app is not let into anything."""
    shot = compiled(first=school("apps: [weread]", "observe"))
    assert asked(shot, "app:weread", "novels") == (Action.OBSERVE, "district/one")
    assert asked(shot, "client:weread", "uncategorised")[1] != "district/one"
    within = "quota: {minutes: 30, within: pass}"
    shot = compiled(first=school("apps: [weread]", "limit", within))
    assert asked(shot, "app:weread", "novels") == (Action.LIMIT, "district/one")
    assert asked(shot, "client:weread", "uncategorised")[1] != "district/one"


def test_a_program_that_bypasses_is_blocked_by_the_shipped_policies() -> None:
    assert asked(compiled(), "client:clash", "uncategorised")[0] is Action.BLOCK


def test_a_quota_counts_an_app_on_its_own_counter() -> None:
    one = "quota: {minutes: 30, within: next}"
    shot = compiled(school("apps: [taobao]", "limit", one))
    assert [m.counter for m in shot.metered.values() if m.counter.startswith("s/")] == ["s/one"]
    assert asked(shot, "app:taobao", "shopping", minutes=29)[0] is not Action.BLOCK
    assert asked(shot, "app:taobao", "shopping", minutes=30) == (Action.BLOCK, "s/one")
    assert asked(shot, "client:taobao", "uncategorised", minutes=30) == (Action.BLOCK, "s/one")
    assert asked(shot, "app:jd", "shopping", minutes=30)[1] != "s/one"


def test_an_unknown_app_is_named_with_its_neighbour() -> None:
    with pytest.raises(DataError) as caught:
        compiled(school("apps: [douyinn]", "block"))
    assert "unknown app `douyinn`" in str(caught.value)
    assert "did you mean `douyin`?" in str(caught.value)


def test_an_app_of_a_harmful_category_is_not_loosened() -> None:
    given = replace(GIVEN, policies=(*GIVEN.policies, school("apps: [jiaoyimao]", "allow")))
    assert any("loosens harmful" in one.message for one in check(given, CATEGORIES))


@pytest.mark.parametrize("when", ["apps: [douyin]", "categories: [short-video]"])
def test_what_is_not_delegated_is_not_loosened_by_naming_the_app(when: str) -> None:
    given = replace(GIVEN, policies=(*GIVEN.policies, school(when, "allow")))
    assert any("has not delegated" in one.message for one in check(given, CATEGORIES))


def test_a_category_is_not_loosened_around_a_blocked_app() -> None:
    """The level above blocks one app; allowing its category below would open it."""
    above = with_first(school("apps: [changba]", "block"))
    given = replace(GIVEN, policies=(*above, school("categories: [music]", "allow")))
    said = [one.message for one in check(given, CATEGORIES)]
    assert any("district/one" in one for one in said)


def order(action: Action, *categories: str) -> Order:
    return Order(
        id="o1",
        action=action,
        basis=Basis(source="t"),
        issuer="t",
        categories=categories,
        office=Office.DISTRICT,
    )


def test_orders_on_apps() -> None:
    shot = compiled(orders=(order(Action.BLOCK, "app:taobao"),))
    assert asked(shot, "app:taobao", "shopping") == (Action.BLOCK, "order/o1")
    assert asked(shot, "client:taobao", "uncategorised") == (Action.BLOCK, "order/o1")
    shot = compiled(orders=(order(Action.ALLOW, "app:weread"),))
    assert asked(shot, "app:weread", "novels") == (Action.ALLOW, "order/o1")
    assert asked(shot, "client:weread", "uncategorised")[1] != "order/o1"
    with pytest.raises(DataError, match="app:taobao"):
        compiled(orders=(order(Action.BLOCK, "app:taobaoo"),))
    with pytest.raises(DataError, match="harmful"):
        compiled(orders=(order(Action.ALLOW, "app:jiaoyimao"),))


def test_a_snapshot_remembers_what_apps_belong_to() -> None:
    shot = compiled(school("apps: [douyin]", "block"))
    again = Snapshot.from_json(shot.to_json())
    assert again.hash == shot.hash
    assert asked(again, "client:douyin", "uncategorised") == (Action.BLOCK, "s/one")
    assert decode(type(shot.document), shot.text) == shot.document


def test_the_explanation_names_the_app() -> None:
    shot = compiled(school("apps: [douyin]", "block"))
    facts = Facts(stage=Stage.REQUEST, host="a.example", path="/")
    signals = Signals(mask=shot.kinds.mask(["app:douyin", "short-video"]))
    steps = explain(shot.seat(PUPIL), facts, signals, PUPIL, EVENING).steps
    (mine,) = (one for one in steps if one.clause == "s/one")
    assert mine.missed is None
    assert mine.detail == "app:douyin"
    assert decide(shot, facts, signals, PUPIL, EVENING).deciding == ("app:douyin",)


def test_a_clause_on_apps_is_not_said_to_be_shadowed() -> None:
    shot = compiled(school("apps: [taobao]", "block"))
    assert "s/one" not in [one.clause for one in shadowed(shot)]
