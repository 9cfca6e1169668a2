"""Self-labels of pages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.labels import header_labels, labels

PICS = (
    '<meta http-equiv="PICS-Label" content=\'(PICS-1.1 "{url}" l gen true for "x" r ({codes}))\'>'
)
V2 = "http://www.icra.org/ratingsv02.html"
V3 = "http://www.icra.org/pics/vocabularyv03/"
RSAC = "http://www.rsac.org/ratingsv01.html"

PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "rta meta": ('<meta name="RATING" content="RTA-5042-1996-1400-1577-RTA">', ("rta",)),
    "rta anywhere": ("<p>RTA-5042-1996-1400-1577-RTA</p>", ("rta",)),
    "adult": ('<meta name="rating" content="adult" />', ("rating-adult",)),
    "mature": ("<META content='Mature' name='rating'>", ("rating-mature",)),
    "no quotes": ("<meta name=rating content=restricted>", ("rating-restricted",)),
    "spaces": ('<meta  name = "rating"  content = " adult " >', ("rating-adult",)),
    "general": ('<meta name="rating" content="general">', ()),
    "about adults": ('<meta name="description" content="adult rating">', ()),
    "word of a text": ("name=rating content=adult", ()),
    "other names": ('<meta name="ratings" content="adult">', ()),
    "first attribute counts": ('<meta name="rating" name="x" content="adult">', ("rating-adult",)),
    "two tags": (
        '<meta name="rating" content="mature"><meta name="rating" content="adult">',
        ("rating-mature", "rating-adult"),
    ),
    "icra 2000 adult": (PICS.format(url=V2, codes="nf 1 vz 1 oz 1"), ("icra-adult",)),
    "icra 2000 gambling": (PICS.format(url=V2, codes="nz 1 od 1"), ("icra-gambling",)),
    "icra 2000 clean": (PICS.format(url=V2, codes="nz 1 vz 1 lz 1 oz 1 cz 1"), ()),
    "icra 2005 gambling": (PICS.format(url=V3, codes="nz 1 sz 1 oe 1"), ("icra-gambling",)),
    "icra 2005 weapons are no gambling": (PICS.format(url=V3, codes="nz 1 od 1"), ()),
    "icra zero": (PICS.format(url=V2, codes="nf 0"), ()),
    "rsac": (PICS.format(url=RSAC, codes="n 4 s 3 v 0 l 0"), ("rsac-adult",)),
    "rsac violence": (PICS.format(url=RSAC, codes="n 0 s 0 v 4 l 0"), ("rsac-violence",)),
    "rsac mild": (PICS.format(url=RSAC, codes="n 1 s 2 v 1 l 4"), ()),
    "other rating service": (PICS.format(url="http://example.org/", codes="nf 1"), ()),
    "empty": ("", ()),
    "cut tag": ('<meta name="rating" content="adu', ()),
    "cut quote": ('<meta name="rating', ()),
}


@pytest.mark.parametrize("case", PAGES)
def test_labels(case: str) -> None:
    page, found = PAGES[case]
    assert labels(page.encode(), "text/html; charset=utf-8") == found


@pytest.mark.parametrize("media_type", ["text/html", "TEXT/HTML;x", "application/xhtml+xml", ""])
def test_media_types_of_pages(media_type: str) -> None:
    assert labels(b"RTA-5042-1996-1400-1577-RTA", media_type) == ("rta",)


@pytest.mark.parametrize("media_type", ["text/plain", "image/png", "application/json"])
def test_other_media_types_have_no_labels(media_type: str) -> None:
    assert labels(b"RTA-5042-1996-1400-1577-RTA", media_type) == ()


HEADERS = {
    "RTA-5042-1996-1400-1577-RTA": ("rta",),
    "Adult": ("rating-adult",),
    "general": (),
    "": (),
    '(PICS-1.1 "http://www.icra.org/ratingsv02.html" l r (nf 1))': ("icra-adult",),
    "中": (),
    "x" * 100_000: (),
}


@pytest.mark.parametrize("value", HEADERS)
def test_header(value: str) -> None:
    assert header_labels(value) == HEADERS[value]


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes(body: bytes) -> None:
    assert set(labels(b"<meta rating " + body, "text/html")) <= {"rta"}


@pytest.mark.parametrize(
    "piece", [b"<meta ", b"<meta name=rating ", b"<meta pics a='", b"<", b"=", b"a ="]
)
def test_hostile_repetition_ends(piece: bytes) -> None:
    assert labels(piece * (65536 // len(piece)), "text/html") == ()
