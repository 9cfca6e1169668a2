"""A streamed answer of an AI service → its text, piece by piece as it arrives. Pure.

Feed decoded bytes, get the new words. Server-sent events, NDJSON, one JSON document, Connect
envelopes; deltas, whole texts told again and again, and patches. A line longer than the
bound is given up and read on after it, so memory stays small whatever the stream holds.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any

from rules.recognise.fields import document, leaves
from rules.recognise.prompts import USUAL, Answer, Frame, Telling

LONGEST = 256 * 1024  # characters of one event or line

GENERIC = Answer(
    frame=Frame.SSE,
    text=(
        "choices.*.delta.content",
        "choices.*.message.content",
        "choices.*.text",
        "delta.text",
        "output_text",
        "message.content",
        "response",
        "content.*.text",
        "candidates.*.content.parts.*.text",
    ),
)
"""OpenAI-like, Anthropic-like, Ollama-like and Gemini-like answers."""


class AnswerReader:
    """Reads one answer. `feed` may be given bytes cut anywhere."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or GENERIC
        self._wanted = frozenset(self.answer.text or GENERIC.text)
        self._decode = getincrementaldecoder("utf-8")("replace")
        self._buffer = ""
        self._raw = b""
        self._data: list[str] = []
        self._skipping = False
        self._told = ""
        self._appending = False
        self._sse = self.answer.frame is Frame.SSE

    def feed(self, chunk: bytes) -> str:
        """The words that this chunk adds."""
        if self.answer.frame is Frame.NONE:
            return ""
        if self.answer.frame is Frame.CONNECT:
            return "".join(map(self._event, self._envelopes(chunk)))
        self._buffer += self._decode.decode(chunk)
        if self.answer.frame is Frame.JSON:
            self._buffer = self._buffer[:LONGEST]
            return ""
        return "".join(map(self._event, self._lines()))

    def end(self) -> str:
        """The words left when the stream has ended."""
        if self.answer.frame in (Frame.NONE, Frame.CONNECT):
            return ""
        self._buffer += self._decode.decode(b"", final=True)
        if self.answer.frame is Frame.JSON:
            text, self._buffer = self._buffer, ""
            return self._event(text)
        self._buffer += "\n\n"
        return "".join(map(self._event, self._lines()))

    def _lines(self) -> Iterator[str]:
        """The complete events (SSE: the `data:` lines of one) or lines in the buffer."""
        lines = self._buffer.split("\n")
        self._buffer = lines.pop()
        if len(self._buffer) > LONGEST:
            self._buffer, self._skipping = "", True
        for whole in lines:
            if self._skipping:
                self._skipping = False
                continue
            line = whole.removesuffix("\r")
            if line.startswith("data:"):
                self._data.append(line[5:].removeprefix(" "))
                if sum(map(len, self._data)) > LONGEST:
                    self._data.clear()
            elif line[:1] in ("{", "["):  # NDJSON, or a service that forgot the `data:`
                yield line
            elif not line and self._data:
                yield "\n".join(self._data)
                self._data.clear()

    def _envelopes(self, chunk: bytes) -> Iterator[str]:
        self._raw += chunk
        while len(self._raw) >= 5:
            size = int.from_bytes(self._raw[1:5])
            if size > LONGEST:
                self._raw = b""  # nothing can be known of what follows
                return
            if len(self._raw) < 5 + size:
                return
            yield self._raw[5 : 5 + size].decode("utf-8", "replace")
            self._raw = self._raw[5 + size :]

    def _event(self, text: str) -> str:
        if not text or text[:1] not in ("{", "["):
            return ""
        value = document(text)
        if value is None and "\n" in text:
            return "".join(map(self._event, text.split("\n")))
        if not isinstance(value, dict | list):
            return ""
        if self.answer.telling is Telling.PATCH:
            return self._patch(value)
        found = "".join(one for path, one in leaves(value) if path in self._wanted)
        if self.answer.telling is Telling.DELTA:
            return found
        if not found:
            return ""
        added = found[len(self._told) :] if found.startswith(self._told) else found
        self._told = found[-LONGEST:]
        return added

    def _patch(self, value: Any) -> str:
        """`p` names a place, `o` what to do there; without them: go on as before."""
        if not isinstance(value, dict):
            return ""
        words = value.get("v")
        if "p" in value:
            last = str(value["p"]).rstrip("/0123456789").rpartition("/")[2]
            self._appending = last in USUAL
        if isinstance(words, str):
            return words if self._appending else ""
        if isinstance(words, list):
            return "".join(self._patch(one) if _is_patch(one) else _texts(one) for one in words)
        return _texts(words)


def _is_patch(value: Any) -> bool:
    return isinstance(value, dict) and "v" in value


def _texts(value: Any) -> str:
    """The texts of a whole message."""
    return "".join(
        one for path, one in leaves(value) if path.rstrip(".*").rpartition(".")[2] in USUAL
    )
