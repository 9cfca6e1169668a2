"""Bodies masked in place: the syntax stands, the finds are gone, the same value has one fake."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.look import look
from gateway.outflow.mask import masked
from gateway.outflow.parts import parts
from tests.gateway.mitm.leaving_lab import identity
from tests.gateway.outflow.bodies import FAKES, NUMBER, TODAY, finder


def run(body: bytes, media: str) -> bytes | None:
    found = parts(body, media)
    return masked(body, found, look(found, finder(), TODAY), FAKES)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.text(max_size=8))
@settings(max_examples=60, deadline=None)
def test_json_stays_json(numbers: list[int], beside: str) -> None:
    value = {"rows": [{"idCard": identity(one), "n": one} for one in numbers], "m": beside}
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    fresh = run(body, "application/json")
    assert fresh is not None
    told = json.loads(fresh)
    assert told["m"] == beside
    cards = [row["idCard"] for row in told["rows"]]
    assert [row["n"] for row in told["rows"]] == numbers
    assert not {identity(one) for one in numbers} & set(cards)
    assert len(set(cards)) == len(set(numbers))


def test_forms_keep_their_encoding() -> None:
    body = f"name={quote('学生某子涵', encoding='gb18030')}&idcard={NUMBER}&z=1".encode()
    fresh = run(body, "application/x-www-form-urlencoded; charset=gbk")
    assert fresh is not None
    found = parse_qs(fresh.decode(), encoding="gb18030")
    assert "某子涵" not in found["name"][0]
    assert found["idcard"][0] != NUMBER
    assert found["z"] == ["1"]


def test_what_can_not_be_written_back_is_not_masked() -> None:
    assert run(json.dumps({"a": "\u200b".join(NUMBER)}).encode(), "application/json") is None
    assert run(b'{"a": "b"}', "application/json") is None


def test_nothing_prints_the_key() -> None:
    assert repr(FAKES) == "Fakes()"
