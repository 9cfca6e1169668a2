"""The reference page is what its tables make it."""

from pathlib import Path

from audit.probes.linux.facts import places
from audit.probes.linux.facts_page import page

PAGE = Path(__file__).parents[4] / "docs" / "audit-facts.md"


def test_the_page_is_up_to_date() -> None:
    """`qinglang audit collect-script --facts > docs/audit-facts.md`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_place_is_on_the_page() -> None:
    text = page()
    assert all(f"`{one.path}`" in text for one in places())
