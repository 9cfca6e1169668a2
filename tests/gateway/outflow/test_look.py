"""Parts through the recognisers: different values by kind, people, what is unread."""

from __future__ import annotations

import json

from gateway.outflow.look import Seen, look
from gateway.outflow.parts import parts
from policies.masks_fake import FAKERS, Dice
from rules.recognise.personal.carried import Opaque
from rules.recognise.personal.kinds import Kind
from tests.gateway.mitm.leaving_lab import identity
from tests.gateway.outflow.bodies import NUMBER, TODAY, finder


def seen(value: object, media: str = "application/json") -> Seen:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return look(parts(body, media), finder(), TODAY)


def test_values_are_counted_once() -> None:
    found = seen([{"idCard": NUMBER}, {"idCard": NUMBER}, {"idCard": identity(1)}])
    assert found.carried.verified == {Kind.ID_CARD: 2}
    assert (found.carried.people, found.carried.under_14) == (2, 2)
    assert len(found.finds) == 3
    assert found.fixed == 0


def test_names_of_the_roster_and_labels() -> None:
    found = seen({"学生姓名": "某子涵", "内容": "某一诺同学表现好"})
    assert found.carried.kinds.get(Kind.NAME) == 2


def test_what_only_a_view_shows_is_fixed() -> None:
    found = seen({"a": "\u200b".join(NUMBER)})
    assert found.carried.verified == {Kind.ID_CARD: 1}
    assert found.fixed >= 1
    split = seen(f"a={NUMBER[:6]}&b={NUMBER[6:]}".encode(), "application/x-www-form-urlencoded")
    assert split.carried.verified == {Kind.ID_CARD: 1}


def test_our_own_fakes_and_harmless_text_are_nothing() -> None:
    fake = FAKERS[Kind.ID_CARD].make(Dice(b"k" * 32), "1" * 18)
    assert not seen({"idCard": fake}).carried
    assert not seen({"q": "今天的天气怎么样？", "版本": "1.2.3"}).carried


def test_time_that_is_over_is_unread() -> None:
    found = look(parts(b'{"a": "b"}', "application/json"), finder(), TODAY, lambda: True)
    assert found.carried.unread == (Opaque.BUDGET,)


def test_no_value_is_printed() -> None:
    assert NUMBER not in repr(seen({"idCard": NUMBER}).carried)
