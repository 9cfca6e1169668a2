"""Conditions on what a message carries."""

import pytest

from policies.carries import Carries
from rules.recognise.personal.carried import NOTHING_CARRIED, Carried, Opaque
from rules.recognise.personal.kinds import Kind

ONE = Carried(verified={Kind.ID_CARD: 1}, people=1)
MANY = Carried(verified={Kind.ID_CARD: 9, Kind.NAME: 12}, people=12, under_14=9)
DOUBT = Carried(suspected={Kind.PHONE: 4}, people=1)
LOCKED = Carried(unread=(Opaque.ENCRYPTED,))


@pytest.mark.parametrize(
    ("wanted", "carried", "holds"),
    [
        (Carries(), ONE, True), (Carries(), NOTHING_CARRIED, False), (Carries(), DOUBT, True),
        (Carries(at_least=2), DOUBT, False), (Carries(suspected=0), DOUBT, False),
        (Carries(kinds=(Kind.PHONE,)), ONE, False), (Carries(kinds=(Kind.ID_CARD,)), ONE, True),
        (Carries(kinds=(Kind.ID_CARD,), at_least=10), MANY, False),
        (Carries(people=12), MANY, True), (Carries(people=13), MANY, False),
        (Carries(under_14=9), MANY, True), (Carries(under_14=1), DOUBT, False),
        (Carries(unread=(Opaque.ENCRYPTED,)), LOCKED, True),
        (Carries(unread=(Opaque.MEDIA,)), LOCKED, False),
        (Carries(unread=(Opaque.ENCRYPTED,), at_least=1), LOCKED, False),
        (Carries(kinds=(Kind.IP,)), Carried(verified={Kind.IP: 1}), True),
        (Carries(), Carried(verified={Kind.IP: 1}), False),
    ],
)  # fmt: skip
def test_holds(wanted: Carries, carried: Carried, holds: bool) -> None:
    assert wanted.holds(carried) is holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_least": 0},
        {"suspected": 2},
        {"people": -1},
        {"under_14": -1},
        {"kinds": (Kind.HEALTH,)},
    ],
)
def test_what_is_no_condition(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at_least|suspected|people|under_14|columns"):
        Carries(**wrong)  # type: ignore[arg-type]
