"""Seats and slots: which policies hold, in which order, and when a slot ends."""

from dataclasses import replace

import pytest

from policies.model import Depth, Subject
from policies.moment import at
from policies.policy import Inspection, Mode, Policy, Who
from policies.rule import fits
from policies.seat import Audiences, audience
from tests.policies.samples import ask, clause, district, end, order, policy, snapshot

JUNIOR = policy("junior", "preset", applies=Who(stages=("junior",), roles=("pupil",)))
UPPER = policy("primary-upper", "preset", applies=Who(stages=("primary-upper",), roles=("pupil",)))
SCHOOL = policy("s1", "school")
GROUP = policy("club", "group")


@pytest.mark.parametrize(
    ("made", "subject", "expected"),
    [
        (SCHOOL, Subject(school="s1"), True),
        (SCHOOL, Subject(school="s2"), False),
        (SCHOOL, Subject(), False),
        (replace(SCHOOL, applies=Who(schools=("s2", "s3"))), Subject(school="s3"), True),
        (GROUP, Subject(group="club"), True),
        (GROUP, Subject(), False),
        (JUNIOR, Subject(stage="junior"), True),
        (JUNIOR, Subject(stage="junior", role="teacher"), False),
    ],
)
def test_applies(made: Policy, subject: Subject, expected: bool) -> None:
    who = audience(made)
    assert fits(who, "", subject) is expected
    assert (made in Audiences([made]).chain(subject)) is expected


def profile(subject: Subject) -> str:
    made = snapshot(district(), JUNIOR, UPPER, SCHOOL, GROUP)
    return made.seat(subject).profile


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (Subject(stage="junior"), "junior"),
        (Subject(stage="junior", school="s1", group="club"), "club/s1/junior"),
        (Subject(), "primary-upper"),  # a pupil of unknown 学段 is the default's
        (Subject(stage="senior", school="s1"), "s1/primary-upper"),
        (Subject(role="teacher"), "district"),
    ],
)
def test_profiles(subject: Subject, expected: str) -> None:
    assert profile(subject) == expected


def test_sequence() -> None:
    made = snapshot(
        district(clause("d", "block"), locked=(clause("l", "block", categories=("games",)),)),
        policy("junior", "preset", clause("p", "block"), applies=Who(stages=("junior",))),
        policy("s1", "school", clause("s", "block")),
        policy("club", "group", clause("g", "block")),
        orders=[order("b", "allow"), order("a", "block"), order("c", "warn")],
    )
    chain = made.chain(Subject(stage="junior", school="s1", group="club"))
    assert [rule.id for rule in made.sequence(chain)] == [
        "district/gaps",
        "district/help",
        "order/a",
        "order/c",
        "district/harmful",
        "district/l",
        "order/b",
        "club/g",
        "s1/s",
        "junior/p",
        "district/d",
        "district/otherwise",
    ]


def test_an_allow_list_ends_the_sequence() -> None:
    made = snapshot(
        district(clause("d", "allow")),
        policy("s1", "school", clause("s", "allow", categories=("education",))),
        policy(
            "club", "group", clause("g", "allow", categories=("games",)), otherwise=end("block")
        ),
    )
    chain = made.chain(Subject(school="s1", group="club"))
    assert [r.id for r in made.sequence(chain)][-2:] == ["club/g", "club/otherwise"]


DEPTHS = [
    ({}, {}, Depth.CONTENT),
    ({"depth": Depth.NAME}, {}, Depth.NAME),
    ({"depth": Depth.NAME}, {"depth": Depth.DNS}, Depth.DNS),
    ({"depth": Depth.DNS}, {"depth": Depth.CONTENT}, Depth.CONTENT),
]


@pytest.mark.parametrize(("above", "near", "expected"), DEPTHS)
def test_the_nearest_depth_holds(above: dict, near: dict, expected: Depth) -> None:  # type: ignore[type-arg]
    made = snapshot(
        district(inspection=Inspection(**above)),
        policy("s1", "school", inspection=Inspection(**near)),
    )
    assert made.seat(Subject(school="s1")).depth is expected


def test_privacy_classes_add_up() -> None:
    made = snapshot(
        district(inspection=Inspection(never_open=("banking",))),
        policy("s1", "school", inspection=Inspection(never_open=("video",))),
    )
    assert made.seat(Subject(school="s1")).never_open == made.kinds.mask(["banking", "video"])


def test_slots_are_kept_until_their_boundary() -> None:
    made = snapshot(
        district(clause("n", "block", categories=("games",), hours=("22:00-06:00",))),
        orders=[
            order("o", "block", hosts=("x.example",), expires=at("2026-09-01T12:30").timestamp)
        ],
    )
    seat = made.seat(Subject())
    noon = at("2026-09-01T12:00")
    slot = seat.slot(noon)
    assert seat.slot(noon) is slot
    assert seat.slot(at("2026-09-01T12:29:59")) is slot
    assert seat.slot(at("2026-09-01T12:30")) is not slot
    late = seat.slot(at("2026-09-01T21:59:59"))
    assert seat.slot(at("2026-09-01T22:00")) is not late


MONITORED = [
    # district, school, preset mode; clause asked for → what is enforced
    ("enforce", "enforce", "enforce", "games", "block"),
    ("monitor", "enforce", "enforce", "games", "observe"),
    ("enforce", "monitor", "enforce", "games", "observe"),
    ("enforce", "enforce", "monitor", "games", "observe"),
    ("enforce", "enforce", "monitor", "video", "warn"),  # decided by the school's own clause
    ("enforce", "monitor", "enforce", "video", "observe"),
    ("monitor", "monitor", "monitor", "porn", "block"),  # locked and harmful: never weakened
    ("enforce", "monitor", "monitor", "banking", "block"),  # locked by the district
    ("monitor", "enforce", "enforce", "banking", "observe"),
    ("monitor", "monitor", "monitor", "education", "allow"),
    ("monitor", "monitor", "monitor", "help", "allow"),
]


@pytest.mark.parametrize(("top", "middle", "low", "seen", "enforced"), MONITORED)
def test_monitor_mode(top: str, middle: str, low: str, seen: str, enforced: str) -> None:
    made = snapshot(
        district(locked=(clause("l", "block", categories=("banking",)),), mode=Mode(top)),
        policy("s1", "school", clause("v", "warn", categories=("video",)), mode=Mode(middle)),
        replace(JUNIOR, clauses=(clause("g", "block", categories=("games",)),), mode=Mode(low)),
    )
    verdict = ask(made, seen, subject=Subject(school="s1", stage="junior"))
    assert verdict.enforced == enforced
    assert verdict.action != "observe"


@pytest.mark.parametrize(
    ("inspections", "probability", "counts"),
    [
        ((), 0.9, True),
        ((), 0.89, False),
        ((Inspection(certainty=0.6),), 0.6, True),
        ((Inspection(certain={"games": 0.6}),), 0.6, True),
        ((Inspection(certain={"video": 0.6}),), 0.6, False),
        ((Inspection(certainty=0.99), Inspection(certainty=0.5)), 0.98, False),
        ((Inspection(certain={"games": 0.99}), Inspection(certain={"games": 0.5})), 0.98, False),
        ((Inspection(certainty=1.0),), 1.0, True),
    ],
)
def test_how_sure_a_recogniser_must_be(
    inspections: tuple[Inspection, ...], probability: float, counts: bool
) -> None:
    files = [policy("junior", "preset", applies=Who(stages=("junior",), roles=("pupil",)))]
    files.append(policy("s1", "school"))
    for place, inspection in enumerate(inspections):
        files[-1 - place] = replace(files[-1 - place], inspection=inspection)
    made = snapshot(district(), *files)
    seat = made.seat(Subject(stage="junior", school="s1"))
    doubts = ((made.kinds.mask(["games"]), probability),)
    wanted = made.kinds.mask(["games"]) if counts else made.kinds.unknown
    assert seat.certainly(made.kinds.unknown, doubts) == wanted


def test_a_probability_is_one() -> None:
    for wrong in (0.49, 1.01, -1.0):
        with pytest.raises(ValueError, match="certainty"):
            Inspection(certainty=wrong)
        with pytest.raises(ValueError, match="games"):
            Inspection(certain={"games": wrong})
