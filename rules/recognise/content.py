"""A body → Signals: the text of a page, read by the phrases and by the model, judged together.

What a person sees, what stands in attributes, what is hidden and what scripts carry are read
apart, because they do not weigh the same. Equal bodies are read once (the last ones are
remembered by their hash). A Recogniser is opened with the RuleBase it belongs to; the phrases
and the model lie in its folder, versioned and replaced together with the lists. Its opening
reads files; nothing else here does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from xxhash import xxh3_128_digest

from rules.model import Signal
from rules.recognise.fusion import Fusion, fuse, shipped
from rules.recognise.model import Model
from rules.recognise.normal import normalise, view
from rules.recognise.page import DEFAULT, Budget, Page, read_page
from rules.recognise.words import Words

MODEL = "model"  # the folder of the model within a RuleBase's folder
REMEMBERED = 512  # bodies of a generation; two generations live
SHORT = 120  # characters of visible text below which what programs carry is the page
SIDE = 20_000  # characters of attributes, of hidden text and of strings that are read
SENTENCE = 40  # characters of a query beyond which it has a style to judge
TELL = 0.5  # below this probability nothing is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was recognised in a body, how much text it was made from, and what was left out."""

    signals: tuple[Signal, ...] = ()
    characters: int = 0
    charset: str = ""
    cut: bool = False


class Recogniser:
    """Reads bodies and texts. Safe to share between coroutines of one process."""

    def __init__(
        self, words: Words | None, model: Model | None, fusion: Fusion, budget: int | None = None
    ) -> None:
        """`budget` is how many characters the model looks at (None: its card's, 0: all)."""
        self._words = words
        self._model = model
        self._fusion = fusion
        self._budget = budget
        self._known: dict[bytes, Reading] = {}
        self._older: dict[bytes, Reading] = {}

    @classmethod
    def open(cls, folder: Path, *, budget: int | None = None) -> Self:
        """The recogniser of a RuleBase. Raises DataError or WorldError with the reason."""
        model = Model.open(folder / MODEL) if (folder / MODEL).is_dir() else None
        return cls(Words.open(folder), model, shipped(), budget)

    def read(
        self, body: bytes, media_type: str, charset: str = "", *, budget: Budget = DEFAULT
    ) -> Reading:
        """What a content-decoded body (or its first window) is. Equal ones are read once."""
        key = xxh3_128_digest(body) + f"{media_type} {charset}".encode("utf-8", "replace")
        found = self._known.get(key) or self._older.get(key)
        if found is None:
            page = read_page(body, media_type, charset, budget=budget)
            found = Reading(
                signals=self.page(page),
                characters=len(page.title) + len(page.text) or len(page.strings),
                charset=page.charset,
                cut=page.cut,
            )
            if len(self._known) >= REMEMBERED:
                self._older, self._known = self._known, {}
            self._known[key] = found
        return found

    def page(self, page: Page) -> tuple[Signal, ...]:
        """What a page is, the surest first."""
        shown, place = page.text, "text"
        if len(shown) < SHORT and len(page.strings) > len(shown):
            shown, place = f"{shown}\n{page.strings}", "data"
        found = self.text(shown, title=page.title, place=place)
        for text, where in (
            (page.extras, "attributes"),
            (page.hidden, "hidden"),
            (page.strings if place == "text" else "", "scripts"),
        ):
            if text:
                found += self._aside(text[:SIDE], where)
        if len(found) < 2:
            return found
        return tuple(sorted(found, key=lambda one: -one.confidence))

    def text(self, text: str, *, title: str = "", place: str = "text") -> tuple[Signal, ...]:
        """What a text is, by phrases and model together."""
        seen = view(f"{title}\n{text}" if title else text)
        signals: tuple[Signal, ...] = ()
        looked = []
        if self._words is not None:
            signals = self._words.find(seen).signals(place)
            looked.append("words")
        if self._model is not None:
            head = normalise(title) if title else ""
            body = seen.text[len(head) + 1 :] if head else seen.text
            signals += self._model.judge(body, title=head, budget=self._budget, place=place)
            looked.append("model")
        if not signals:
            return ()
        return tuple(one for one in fuse(signals, looked, self._fusion) if one.confidence >= TELL)

    def find(self, text: str, place: str) -> tuple[Signal, ...]:
        """What a search or a prompt asks for: a few words by phrases, a longer text by all."""
        if len(text) > SENTENCE:
            return self.text(text, place=place)
        return self._aside(text, place)

    def _aside(self, text: str, place: str) -> tuple[Signal, ...]:
        """What stands beside the visible text: sure phrases count, style does not."""
        if self._words is None:
            return ()
        found = self._words.find(text).signals(place)
        return tuple(
            replace(one, confidence=round(one.confidence, 4))
            for one in found
            if one.confidence >= TELL
        )
