"""Pages of lines: as long as asked, every line before any again."""

from random import Random

from rules.training.pages import TITLE, pages

LINES = [f"第{number}句话说的是第{number}件事" for number in range(40)]


def test_length_and_title() -> None:
    for page in pages(LINES, 20, Random(1), low=100, high=200):
        assert 100 <= sum(map(len, page.lines)) < 200 + max(map(len, LINES))
        assert page.title == page.lines[0][:TITLE]
        assert page.text.split("\n") == list(page.lines)


def test_every_line_before_any_again() -> None:
    drawn = [line for page in pages(LINES, 6, Random(1), low=50, high=60) for line in page.lines]
    assert len(drawn) <= len(LINES)
    assert len(set(drawn)) == len(drawn)


def test_nothing_of_nothing() -> None:
    assert list(pages([], 5, Random(1))) == []
