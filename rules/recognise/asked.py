"""What a request asks for, by its URL and small body → Facts that know it. Pure.

Search words, prompts and inner URLs of one request, judged and put into `Facts.seen`; inner
hosts also into `Facts.names`, because names can only tighten: allow-lists, host groups and
Orders then need every name to agree. A host that is none of these costs one look-up.

Self-harm is graded: who searches for it is shown help (the block page of that category);
in a chat no page can be shown, so it only raises a care signal; while somebody still types
(suggestions) it is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rules.base import RuleBase
from rules.model import Facts, Signal
from rules.recognise.fields import MOST_BYTES, fields
from rules.recognise.prompts import Answer, PromptBook, openai_like
from rules.recognise.search import Kind, Query, SearchBook
from rules.recognise.terms import LOOKED_UP, Finder
from rules.recognise.wrappers import Inner, WrapperBook

CARE = frozenset({"self-harm"})
"""Categories that are met with help and people, not only with a block."""

CARE_DOUBT = 0.6  # the confidence of what is to be cared for but not stopped
MOST_BODY = MOST_BYTES
_METHODS = frozenset({"POST", "PUT", "PATCH"})


class Asked:
    """The four books and what judges short texts."""

    def __init__(
        self,
        *,
        search: SearchBook,
        wrappers: WrapperBook,
        prompts: PromptBook,
        finders: Iterable[Finder],
    ) -> None:
        self.search = search
        self.wrappers = wrappers
        self.prompts = prompts
        self.finders = tuple(finders)

    def request(self, facts: Facts, base: RuleBase) -> Facts:
        """What the URL asks for. The same Facts where it asks for nothing known."""
        query = self.search.query(facts.host, facts.path)
        inner = self.wrappers.inner(facts.host, facts.path)
        if query is None and not inner:
            return facts
        found = list(self._query(query))
        for one in inner:
            found += _of_url(one, base)
            found += self._query(self.search.query(one.host, one.path))
        return _with(facts, found, [one.host for one in inner])

    def wants_body(self, facts: Facts) -> bool:
        """Whether a request's body may hold a search or a prompt."""
        if facts.method not in _METHODS:
            return False
        host, path = facts.host, facts.path
        return self.prompts.takes_prompt(host, path) or self.search.takes_body(host, path)

    def body(self, facts: Facts, body: bytes, media_type: str) -> Facts:
        """What the body asks for. The same Facts where that is nothing known."""
        host, path = facts.host, facts.path
        found: list[Signal] = []
        if self.search.takes_body(host, path):
            query = self.search.posted(host, path, fields(body, media_type))
            found += self._query(query)
        if self.prompts.takes_prompt(host, path):
            prompt = self.prompts.prompt(host, path, body, media_type)
            if prompt is not None:
                found += _cared(self._find(prompt.text, "prompt"))
                if not prompt.service and openai_like(path):
                    found.append(
                        Signal(category="ai", recogniser="prompt", matched=path.partition("?")[0])
                    )
        return _with(facts, found, [])

    def answer(self, host: str) -> Answer | None:
        """How the answers of an AI service come; None for other hosts."""
        return self.prompts.answer(host)

    def _query(self, query: Query | None) -> list[Signal]:
        if query is None:
            return []
        if query.kind is Kind.SUGGEST:
            found = self._find(query.words, "suggest")
            return [one for one in found if one.category not in CARE]
        place = LOOKED_UP if query.kind in (Kind.REFERENCE, Kind.TRANSLATION) else "search"
        return self._find(query.words, place)

    def _find(self, text: str, place: str) -> list[Signal]:
        return [signal for finder in self.finders for signal in finder.find(text, place)]


def _cared(found: list[Signal]) -> list[Signal]:
    """In a chat self-harm is a doubt: people are told, nothing is stopped."""
    return [
        replace(one, confidence=min(one.confidence, CARE_DOUBT)) if one.category in CARE else one
        for one in found
    ]


def cares(seen: tuple[Signal, ...]) -> bool:
    """Whether somebody should be told of what was let through."""
    return any(one.category in CARE for one in seen)


def _of_url(inner: Inner, base: RuleBase) -> list[Signal]:
    """What the inner URL is; help inside a wrapper is no help."""
    signals = base.url(inner.host, inner.path)
    return [
        Signal(
            category=item.category,
            recogniser="wrapper",
            matched=item.matched,
            list=item.list or inner.wrapper,
            confidence=item.confidence,
            place="inner-url",
        )
        for item in signals.items
        if not base.help >> base.index[item.category] & 1
    ]


def _with(facts: Facts, found: list[Signal], names: list[str]) -> Facts:
    """Facts that know these, each once, the surest of a category and place first."""
    fresh = [
        name for name in dict.fromkeys(names) if name != facts.host and name not in facts.names
    ]
    if not found and not fresh:
        return facts
    return replace(
        facts,
        names=(*facts.names, *fresh),
        seen=tuple(dict.fromkeys((*facts.seen, *found))),
    )
