"""The nouns of masking refuse what makes no sense."""

import pytest

from policies.masks_model import Context, Generalise, Keep, Keys, Noise, Pseudonym, Shift, Step
from rules.recognise.personal.kinds import Kind

KEYS = Keys(id="k1", master=bytes(32), before={"k0": bytes([1]) * 32})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Keep(first=-1),
        lambda: Pseudonym(length=4),
        lambda: Generalise(to=Step.REGION, width=3),
        lambda: Generalise(to=Step.AGE, width=1),
        lambda: Shift(days=0),
        lambda: Noise(most=0),
        lambda: Keys(id="k1", master=b"short"),
        lambda: Keys(id="k:1", master=bytes(32)),
    ],
)
def test_senseless_parameters_are_refused(make: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        make()  # type: ignore[operator]


def test_keys_differ_by_purpose_use_and_id_and_are_never_shown() -> None:
    found = {
        KEYS.derive("a", "x"),
        KEYS.derive("b", "x"),
        KEYS.derive("a", "y"),
        KEYS.derive("a", "x", "k0"),
    }
    assert len(found) == 4
    assert KEYS.derive("a", "x", "k1") == KEYS.derive("a", "x")
    with pytest.raises(KeyError):
        KEYS.derive("a", "x", "gone")
    context = Context(purpose="p", keys=KEYS)
    assert "x00" not in repr(KEYS) + repr(context)


def test_the_same_meaning_is_one_domain() -> None:
    def domain(kind: Kind | None, link: str = "") -> str:
        return Context(purpose="p", keys=KEYS, kind=kind, link=link, dataset="t", column="c").domain

    assert domain(Kind.GUARDIAN_PHONE) == domain(Kind.PHONE) == "phone"
    assert domain(None, "a.id") == "link:a.id"
    assert domain(None) == "column:t.c"
