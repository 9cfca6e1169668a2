"""Generative AI: which service, where its prompts are sent, what was asked. Pure.

One data file per service says its hosts, the paths that take prompts, where in the body the
prompt stands and how the answer comes back. Where an API has changed, the usual names
(`prompt`, `messages`, `content`, …) are read instead, and an OpenAI-like call to a host that
no list knows is recognised by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from rules.hosts import normal_path
from rules.model import Status, Text
from rules.recognise.fields import Fields, fields
from rules.recognise.sites import Sites

MOST = 8_000  # characters of a prompt that are judged: the last ones

USUAL = frozenset(
    [
        "prompt",
        "query",
        "question",
        "content",
        "text",
        "message",
        "msg",
        "input",
        "parts",
        "q",
        "msgcontent",
        "user_input",
        "userinput",
        "inputs",
        "utterance",
        "raw_content",
        "say",
    ]
)
"""Last names of fields that hold a prompt where nothing better is known."""

_OPENAI = re.compile(
    r"/(?:chat/completions|v\d[a-z0-9]*/(?:completions|responses|messages)|api/(?:generate|chat))/?$"
)
_OPENAI_NAMES = frozenset({"messages.*.content", "messages.*.content.*.text", "prompt", "input"})


class Frame(StrEnum):
    """How an answer comes."""

    SSE = "sse"  # text/event-stream
    NDJSON = "ndjson"  # one JSON document a line
    JSON = "json"  # one document
    CONNECT = "connect"  # 5-byte envelopes with JSON
    NONE = "none"  # cannot be read (protobuf, encrypted, WebSocket)


class Telling(StrEnum):
    """What a piece of an answer holds."""

    DELTA = "delta"  # the next words
    WHOLE = "whole"  # everything up to here
    PATCH = "patch"  # `{"p": path, "o": "APPEND", "v": text}`, then `{"v": text}`


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Where prompts are sent. `paths` are prefixes in which `*` is one segment; `prompt` are
    field names or JSON paths; `unreadable` says that bodies are protobuf or encrypted."""

    paths: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    unreadable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How answers come, and where their text stands."""

    frame: Frame = Frame.SSE
    text: tuple[str, ...] = ()
    telling: Telling = Telling.DELTA


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request to `url` with this body asks `prompt`; the answer's bytes say `answer`."""

    url: str
    prompt: str
    body: str
    media: str = "application/json"
    stream: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    hit: tuple[Exchange, ...]
    miss: tuple[str, ...]  # URLs that take no prompt of this service


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: rules/ai/<id>.yaml."""

    id: str
    title: Text
    source: str
    category: str
    hosts: tuple[str, ...]
    asks: tuple[Ask, ...]
    examples: Cases
    answer: Answer = field(default_factory=Answer)
    status: Status = Status.UNVERIFIED
    limits: Text | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What was asked, of whom; `service` is "" for a host that no file names."""

    service: str
    text: str


@dataclass(frozen=True, slots=True)
class _Row:
    service: str
    asks: tuple[tuple[tuple[re.Pattern[str], ...], Ask], ...]
    answer: Answer


class PromptBook:
    """The services by host."""

    def __init__(
        self, services: Iterable[tuple[str, tuple[str, ...], tuple[Ask, ...], Answer]]
    ) -> None:
        rows = []
        for name, hosts, asks, answer in services:
            made = tuple((tuple(map(_pattern, ask.paths)), ask) for ask in asks)
            rows += [(host, _Row(name, made, answer)) for host in hosts]
        self._sites = Sites(rows)

    def service(self, host: str) -> str:
        """The service of a host, or ""."""
        rows = self._sites.at(host)
        return rows[0].service if rows else ""

    def answer(self, host: str) -> Answer | None:
        """How the answers of a host come; None for a host that no file names."""
        rows = self._sites.at(host)
        return rows[0].answer if rows else None

    def takes_prompt(self, host: str, path: str) -> bool:
        """Whether a body sent here may hold a prompt."""
        return bool(self._sites.at(host)) or openai_like(path)

    def prompt(self, host: str, path: str, body: bytes, media: str) -> Prompt | None:
        """What a body asks. None where it asks nothing that can be read."""
        found = fields(body, media)
        if not found:
            return None
        rows = self._sites.at(host)
        if not rows:
            if not openai_like(path) or not _looks_openai(found):
                return None
            text = _of(found, _OPENAI_NAMES)
            return Prompt("", text) if text else None
        plain = normal_path(path.partition("?")[0] or "/")
        for row in rows:
            for patterns, ask in row.asks:
                if patterns and not any(pattern.match(plain) for pattern in patterns):
                    continue
                text = _of(found, frozenset(name.lower() for name in ask.prompt))
                if text:
                    return Prompt(row.service, text)
        text = "\n".join(
            value for name, value in found if name.rstrip(".*").rpartition(".")[2].lower() in USUAL
        )
        return Prompt(rows[0].service, text[-MOST:]) if text.strip() else None


def openai_like(path: str) -> bool:
    """Whether a path is that of an OpenAI-compatible API."""
    where = path.partition("?")[0]
    return _OPENAI.search(where) is not None


def _looks_openai(found: Fields) -> bool:
    names = {name for name, _ in found}
    return "model" in names and not names.isdisjoint(_OPENAI_NAMES)


def _of(found: Fields, wanted: frozenset[str]) -> str:
    """The texts at these names, the last ones where they are many."""
    text = "\n".join(value for name, value in found if name.lower() in wanted)
    return text[-MOST:].strip()


def _pattern(path: str) -> re.Pattern[str]:
    parts = ["[^/]+" if part == "*" else re.escape(part) for part in path.strip("/").split("/")]
    return re.compile("/" + "/".join(parts).lower() + "(?:/|$)")
