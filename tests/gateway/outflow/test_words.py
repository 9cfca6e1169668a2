"""What a message holds, in words: kinds and counts, zh first, never a value."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.words import UNREAD, found, safe_path, scrubbed
from rules.recognise.personal.carried import Carried, Opaque
from rules.recognise.personal.kinds import Kind
from tests.gateway.outflow.bodies import NUMBER, finder


def test_lines() -> None:
    carried = Carried(
        verified={Kind.ID_CARD: 3}, suspected={Kind.PHONE: 2}, people=7, under_14=3,
        unread=(Opaque.ENCRYPTED,),
    )  # fmt: skip
    lines = {one.name: one.text for one in found(carried)}
    assert lines["id_card"].zh.endswith("身份证号 3 个")
    assert "疑似 2" in lines["phone"].zh
    assert lines["people"].zh == "涉及约 5-9 人"
    assert lines["under_14"].en == "2-4 of them under 14"
    assert lines["encrypted"] == UNREAD[Opaque.ENCRYPTED]
    assert set(UNREAD) == set(Opaque)


def test_paths_hold_nobody() -> None:
    assert safe_path("/api/v1/chat?q=x") == "/api/v1/chat"
    assert safe_path(f"/u/{NUMBER}/x") == "/u/…"
    assert safe_path("/u/张三") == "/u/…"


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_path(path: str) -> None:
    told = safe_path(path)
    assert "?" not in told
    assert not any(piece.isdecimal() and len(piece) > 4 for piece in told.split("/"))


def test_reasons_are_scrubbed() -> None:
    assert scrubbed(f"学号见{NUMBER}，急", finder()) == "学号见<id_card>，急"
