"""What an SQLite file says of itself. Real files: test_live.py."""

from hypothesis import given
from hypothesis import strategies as st

from audit.probes.sql.answers import Replies, reply
from audit.probes.sql.sqlite import MAGIC, facts, header


def test_header() -> None:
    first = bytearray(MAGIC + bytes(84))
    first[16:18], first[18] = b"\x10\x00", 2
    assert header(bytes(first)) == {"sqlite": True, "wal": True, "page_size": 4096}
    assert header(b"x" * 100) == {"sqlite": False}


@given(st.binary(max_size=120))
def test_any_header(first: bytes) -> None:
    assert header(first)["sqlite"] in (True, False)


def test_facts() -> None:
    replies = Replies(found={"check": reply([{"quick_check": "row 1 missing"}], limit=9),
                             "free": reply([{"freelist_count": 7}], limit=9)})  # fmt: skip
    made = facts(replies)
    assert made["integrity"] == "damaged"
    assert made["free_pages"] == 7
    assert replies.gaps[0]["path"] == "file"


def test_a_file_that_is_being_written_tells_nothing_of_its_content() -> None:
    replies = Replies(found={"check": reply([{"quick_check": "ok"}], limit=9)})
    made = facts(replies, {"mode": "0600", "pending_wal": True})
    assert "integrity" not in made
    assert "integrity" in {gap["path"] for gap in replies.gaps}
