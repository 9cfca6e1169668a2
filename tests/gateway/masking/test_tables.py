"""JSON, lines, CSV and text: one reading of what came, masked, or refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.tables import (
    Unmasked,
    UnmaskedError,
    csv_body,
    json_body,
    json_lines,
    text_body,
)
from tests.gateway.masking_samples import MAIL, PAGE, PHONE, lens, look, masked_json


def refused(text: str) -> Unmasked:
    with pytest.raises(UnmaskedError) as caught:
        json_body(text, lens(), look(), inside=False)
    assert str(caught.value) == caught.value.why.value
    return caught.value.why


def test_nested_records_by_name_and_path() -> None:
    given_ = {
        "pupils": [{"id": 1, "phone": PHONE, "score": 98}],
        "pupil": {"seat": 4},
        "seat": 4,
        "more": {"deep": [[{"phone": PHONE}]]},
    }
    assert masked_json(given_) == {
        "pupils": [{"id": 1, "phone": "169****0007", "score": 98}],
        "pupil": {"seat": 4},
        "seat": "***",
        "more": {"deep": [[{"phone": "169****0007"}]]},
    }


def test_a_scope_is_the_nearest_record_that_says_so() -> None:
    rows = [
        {"class_id": "3-1", "phone": PHONE, "inner": {"phone": PHONE}},
        {"class_id": "3-2", "phone": PHONE, "inner": {"phone": PHONE}},
        {"phone": PHONE},
        {"class_id": ["3-1"], "phone": PHONE},
        {"class_id": None, "phone": PHONE},
    ]
    got = masked_json(rows, "teacher", "3-1")
    assert [one["phone"] == PHONE for one in got] == [True, False, False, False, False]
    assert [one["inner"]["phone"] == PHONE for one in got[:2]] == [True, False]
    assert masked_json([{"class_id": 31, "phone": PHONE}], "teacher", "31")[0]["phone"] == PHONE
    assert masked_json([{"class_id": True, "phone": PHONE}], "teacher", "True")[0]["phone"] != PHONE


def test_values_that_are_not_text() -> None:
    got = masked_json({"phone": int(PHONE), "x": True, "y": None, "z": 12345678901234567890})
    assert got == {"phone": "169****0007", "x": None, "y": None, "z": "***"}
    assert masked_json([1, "a"]) == ["***", "***"]
    assert masked_json(PHONE) == "***"


def test_keys_are_looked_at_and_stay_apart() -> None:
    assert masked_json({MAIL: 1, PHONE: 2, "ok": 3}) == {"***": "***", "***#2": "***", "ok": "***"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', Unmasked.AMBIGUOUS),
        ('{"a": 1, "\\u0061": 2}', Unmasked.AMBIGUOUS),
        ('{"a": NaN}', Unmasked.BROKEN),
        ("[1, Infinity]", Unmasked.BROKEN),
        ('{"a": 1', Unmasked.BROKEN),
        ('{"a": 1} x', Unmasked.BROKEN),
        ("{'a': 1}", Unmasked.BROKEN),
        ('{"id": 1e999}', Unmasked.BROKEN),
        ("[" + "9" * 5000 + "]", Unmasked.BROKEN),
        ("[" * 65 + "]" * 65, Unmasked.TOO_DEEP),
        ("[" * 100_000, Unmasked.TOO_DEEP),
    ],
)
def test_what_can_be_read_in_two_ways_or_none(text: str, why: Unmasked) -> None:
    assert refused(text) is why


def test_escapes_do_not_hide_a_name() -> None:
    text = '{"\\u0070hone": "\\u0031' + PHONE[1:] + '"}'
    assert json.loads(json_body(text, lens(), look(), inside=False)) == {"phone": "169****0007"}


def test_lines_of_json() -> None:
    text = f'{{"phone":"{PHONE}"}}\n\n{{"id":1}}\n'
    got = json_lines(text, lens(), look(), inside=False)
    assert got == '{"phone":"169****0007"}\n\n{"id":1}\n'


def test_a_table_by_its_columns_and_scope() -> None:
    text = f"class_id,手机号,座\r\n3-1,{PHONE},1\r\n3-2,{PHONE},2\r\n"
    seen = look("3-1")
    got = csv_body(text, lens("teacher"), seen, inside=False).split("\r\n")
    assert got[1:3] == [f"3-1,{PHONE},***", "3-2,169****0007,***"]
    assert seen.subjects == 2
    tabs = csv_body(f"phone\tx\n{PHONE}\t1\n", lens(), look(), inside=False, tabs=True)
    assert "169****0007\t***" in tabs
    assert "169****0007;***" in csv_body(
        f"phone;x\n{PHONE};1\n", lens(), look(), inside=False
    ).replace(",", ";")


def test_a_table_without_a_head_line_or_ragged() -> None:
    got = csv_body(f"{PHONE},{PHONE}\r\n{PHONE},{PHONE},{PHONE}\r\n", lens(), look(), inside=False)
    assert PHONE not in got
    assert csv_body("", lens(), look(), inside=False) == ""
    for odd in ('a,"b\n', 'a,"b"c\n', ",".join("a" * 1025)):
        with pytest.raises(UnmaskedError):
            csv_body(odd, lens(), look(), inside=False)


def test_text_needs_a_part_that_is_scanned() -> None:
    assert text_body(f"问 {MAIL} 吧", lens(part=PAGE), look(), inside=False) == "问 *** 吧"
    with pytest.raises(UnmaskedError):
        text_body("x", lens(), look(), inside=False)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9)
    | st.floats(allow_nan=False, allow_infinity=False) | st.just(PHONE) | st.just(int(PHONE)),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.text(max_size=6) | st.sampled_from(["phone", "name", PHONE]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(VALUES)
def test_no_plain_number_is_left_and_the_shape_stays(value: Any) -> None:
    for role in ("", "teacher"):
        got = masked_json(value, role)
        assert PHONE not in json.dumps(got)
        assert type(got) is type(value) or not isinstance(value, dict | list)
        if isinstance(value, list | dict):
            assert len(got) == len(value)


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_is_masked_or_refused(text: str) -> None:
    for form in (json_body, json_lines, csv_body):
        try:
            got = form(f"{text}{PHONE}", lens(), look(), inside=False)  # type: ignore[operator]
        except UnmaskedError:
            continue
        assert PHONE not in got
