"""The Snapshot as a value: hash, document, bounds."""

from dataclasses import replace

import pytest

from policies import compile as compiling
from policies.compile import Snapshot, compile_policies
from policies.model import Subject
from policies.moment import at
from policies.policy import PolicySet, Prefix
from rules.load import DataError
from rules.model import Facts, Signals, Stage
from tests.policies.samples import CATEGORIES, YEAR, ask, clause, district, order, policy, snapshot

SCHOOLS = (policy("s1", "school"), policy("s2", "school", prefixes=(Prefix(prefix="10.0.0.0/8"),)))


def test_equal_inputs_in_any_order_give_equal_hashes() -> None:
    orders = [order("a", "block", hosts=("x.example",)), order("b", "allow", hosts=("y.example",))]
    first = snapshot(district(), *SCHOOLS, orders=orders)
    second = snapshot(*reversed(SCHOOLS), district(), orders=orders[::-1])
    assert first.hash == second.hash
    assert first.to_json() == second.to_json()


CHANGES = {
    "rulebase": lambda: snapshot(district(), rulebase="other"),
    "clause": lambda: snapshot(district(clause("c", "block", categories=("games",)))),
    "school": lambda: snapshot(district(), SCHOOLS[0]),
    "order": lambda: snapshot(orders=[order("o", "block", hosts=("x.example",))]),
    "calendar": lambda: compile_policies(
        PolicySet(policies=(district(),)), categories=CATEGORIES, rulebase="base"
    ),
    "categories": lambda: compile_policies(
        PolicySet(policies=(district(),), years=(YEAR,)),
        categories=CATEGORIES[::-1],
        rulebase="base",
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_input_is_in_the_hash(change) -> None:  # type: ignore[no-untyped-def]
    assert change().hash != snapshot().hash


def test_round_trip_gives_equal_hash_and_verdicts() -> None:
    made = snapshot(
        district(
            clause("night", "block", categories=("games",), hours=("22:00-06:00",)),
            clause("club", "allow", hosts=("club",)),
            hosts={"club": ("a.example",)},
        ),
        *SCHOOLS,
        orders=[order("o", "block", hosts=("x.example",))],
    )
    again = Snapshot.from_json(made.to_json())
    assert again.hash == made.hash
    for time in ("2026-09-01T12:00", "2026-09-01T22:00"):
        for host in ("a.example", "x.example", "z.example"):
            for seen in ("games", "porn", "help", "uncategorised"):
                assert ask(again, seen, time=time, host=host) == ask(
                    made, seen, time=time, host=host
                )


def test_bad_policies_are_refused_as_a_whole() -> None:
    bad = policy("s1", "school", clause("c", "allow", categories=("porn", "gamez")))
    with pytest.raises(DataError) as caught:
        snapshot(district(), bad)
    assert len(caught.value.problems) == 2


def test_who_is_where() -> None:
    made = snapshot(district(), *SCHOOLS)
    ((prefix, subject),) = made.prefixes
    assert (prefix, subject.school) == ("10.0.0.0/8", "s2")
    assert made.default_subject == Subject(stage="primary-upper")
    assert made.years == {2026}
    assert made.rulebase == "base"
    assert {p.id for p in made.policies} == {"district", "s1", "s2"}
    assert made.orders == ()


def test_seats_are_bounded() -> None:
    made = snapshot()
    for number in range(compiling.MAX_SEATS + 5):
        made.seat(Subject(group=f"g{number}"))
    assert len(made._seats) <= compiling.MAX_SEATS


def test_seats_do_not_grow_with_tokens_no_order_names() -> None:
    made = snapshot(orders=[order("o", "block", token="mine")])
    seats = {id(made.seat(Subject(token=f"t{number}"))) for number in range(50)}
    assert len(seats) == 1
    assert made.seat(Subject(token="mine")) is not made.seat(Subject(token="other"))


def test_verdicts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "MAX_VERDICTS", 100)
    made = snapshot()
    seat_memo = []
    from policies.decide import decide

    facts = Facts(stage=Stage.REQUEST, host="x.example")
    noon = at("2026-09-01T12:00")
    for mask in range(450):
        decide(made, facts, Signals(mask=mask), Subject(), noon)
        seat_memo.append(sum(len(s.current[1].memo) for s in made._seats.values() if s.current))
    assert max(seat_memo) <= 100


def test_a_pupil_of_unknown_stage_is_the_default_and_an_adult_is_not() -> None:
    made = snapshot(
        district(),
        policy("primary-upper", "preset", applies=compiling_who("primary-upper")),
    )
    assert made.effective(Subject()).stage == "primary-upper"
    assert made.effective(Subject(role="visitor")) == Subject(role="visitor")
    known = Subject(stage="primary-upper", tier="8-12")
    assert made.effective(known) is known


def compiling_who(stage: str):  # type: ignore[no-untyped-def]
    from policies.policy import Who

    return Who(stages=(stage,))


def test_snapshot_hash_of_replaced_document_differs() -> None:
    made = snapshot()
    assert Snapshot(replace(made.document, rulebase="new")).hash != made.hash
