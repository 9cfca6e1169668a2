"""The page's nouns are values with stable names: other rooms and JSON readers rely on them."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.page.model import Page, PageKind, Want


def test_a_page_cannot_be_changed() -> None:
    page = Page(status=403, headers=(("Cache-Control", "no-store"),), body=b"x")
    with pytest.raises(FrozenInstanceError):
        page.status = 200  # type: ignore[misc]
    assert page == Page(status=403, headers=(("Cache-Control", "no-store"),), body=b"x")


def test_the_closed_sets() -> None:
    assert [str(kind) for kind in PageKind] == [
        "block",
        "warn",
        "outflow-warn",
        "outflow-block",
        "outflow-noted",
        "notice",
        "error",
        "marker",
        "refused",
        "masked",
        "login",
        "portal",
        "received",
        "unreceived",
    ]
    assert len(Want) == 9
