"""What a role sees at a place: decided once, and by its name, kind and record."""

import pytest

from gateway.masking.lens import SPOTS, Look, Spot
from tests.gateway.masking_samples import MAIL, PAGE, PHONE, STATIC, lens, look


def leaf(value: object, *path: str, role: str = "", inside: bool = False) -> object:
    made = lens(role)
    spot = made.root
    for key in path:
        spot = made.child(spot, key)
    return made.leaf(value, spot, look(), inside=inside)


@pytest.mark.parametrize(
    ("path", "role", "inside", "shown"),
    [
        (("phone",), "", True, False),
        (("phone",), "teacher", True, True),
        (("phone",), "teacher", False, False),
        (("phone",), "office", False, False),
        (("name",), "office", False, True),
        (("pupil", "extra"), "teacher", True, True),
        (("pupil", "extra"), "teacher", False, False),
        (("other", "extra"), "teacher", True, False),
        (("id",), "", False, True),
        (("pupil", "seat"), "", False, True),
        (("seat",), "", False, False),
        (("score",), "", False, True),
        (("unheard_of",), "office", False, False),
    ],
)
def test_who_sees_what(path: tuple[str, ...], role: str, inside: bool, shown: bool) -> None:
    assert (leaf("甲乙丙丁", *path, role=role, inside=inside) == "甲乙丙丁") is shown


def test_masks_of_kinds_fields_and_the_rest() -> None:
    assert leaf(PHONE, "phone") == "169****0007"
    assert leaf("测试", "name") == "测*"
    assert leaf(PHONE, "anything") == "***"
    first = leaf("A7", "seal")
    assert first == leaf("A7", "seal") != "A7"
    assert leaf("", "phone") == ""
    assert leaf(None, "phone") is None


def test_what_stands_below_a_kind_is_of_that_kind() -> None:
    assert leaf(PHONE, "phone", "home") == "169****0007"


def test_free_text_and_numbers_are_read() -> None:
    assert leaf(f"写给 {MAIL}", "note") == "写给 ***"
    assert leaf(f"写给 {MAIL}", "note", role="teacher", inside=True) == f"写给 {MAIL}"
    assert leaf(12, "note") == 12
    assert leaf(16912345678.0, "note") == 16912345678.0  # nobody's, and no kind of number


def test_a_look_counts_kinds_and_holds_no_value() -> None:
    made, seen = lens("office"), look()
    made.leaf(PHONE, made.column("phone"), seen, inside=False)
    made.leaf("测试", made.column("name"), seen, inside=False)
    assert seen.text() == "subjects=0 plain=name:1 masked=phone:1"
    assert Look().text() == "subjects=0"


def test_what_is_remembered_is_bounded() -> None:
    made = lens()
    for number in range(SPOTS + 50):
        made.child(made.root, f"k{number}")
    assert len(made.root.children) == SPOTS
    assert made.child(made.root, "one-more") is not made.child(made.root, "one-more")


def test_keys_that_name_people() -> None:
    made = lens()
    assert made.child(made.root, MAIL).key == "***"
    assert made.child(made.root, "2099000001").key == "***"
    assert made.child(made.root, "phone").key == "phone"
    assert lens(part=PAGE).column(f"x {MAIL}").key == "x ***"


def test_everything_and_untouched() -> None:
    assert lens("officer").everything
    assert lens(part=STATIC).everything
    assert not lens("teacher").everything
    assert isinstance(lens().root, Spot)
