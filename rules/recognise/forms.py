"""What people send: the fields of a request's body as (name, text). Pure and bounded.

For search by POST, prompts to AI services and personal data on its way out. Contents of
uploaded files are not read here, their names are.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from rules.recognise.charset import CODECS, decode, lookup
from rules.recognise.json_text import event_text, json_pairs
from rules.recognise.parts import parameters, split_parts, type_of

MAX_BODY: Final = 256 * 1024
MAX_FIELDS: Final = 256
MAX_VALUE: Final = 64 * 1024

_JSON_START: Final = re.compile(rb"\s*[\[{]")


def form_text(body: bytes, media_type: str) -> tuple[tuple[str, str], ...]:
    """(field or path, value) in order. `media_type` is the whole Content-Type header."""
    body = body[:MAX_BODY]
    kind, charset = type_of(media_type)
    if kind == "multipart/form-data":
        return _multipart(body, parameters(media_type).get("boundary", ""), charset)
    if kind in ("application/json", "text/json") or kind.endswith("+json"):
        return _json(body, charset)
    if kind in ("application/x-ndjson", "application/jsonl"):
        pieces, _ = event_text(decode(body, charset).text, MAX_BODY)
        return tuple(("", piece[:MAX_VALUE]) for piece in pieces[:MAX_FIELDS])
    if kind == "application/x-www-form-urlencoded":
        return _urlencoded(body, charset)
    if kind in ("text/plain", "") or kind.startswith("text/"):
        # scripts post JSON and fields under these names, to spare a preflight
        if _JSON_START.match(body):
            return _json(body, charset)
        if kind == "" and b"=" in body[:256] and b" " not in body[:256]:
            return _urlencoded(body, charset)
        text = decode(body, charset).text
        return (("", text[:MAX_VALUE]),) if text else ()
    return ()


def _json(body: bytes, charset: str) -> tuple[tuple[str, str], ...]:
    found = json_pairs(decode(body, charset).text, MAX_FIELDS)
    return tuple((path, value[:MAX_VALUE]) for path, value in found)


def _urlencoded(body: bytes, charset: str) -> tuple[tuple[str, str], ...]:
    pairs = [pair for pair in body.split(b"&", MAX_FIELDS)[:MAX_FIELDS] if pair]
    named = next((pair[10:] for pair in pairs if pair.startswith(b"_charset_=")), b"")
    stated = lookup(named.decode("ascii", "replace")) or charset
    found = []
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        found.append((_field(name, stated), _field(value, stated)[:MAX_VALUE]))
    return tuple(found)


def _field(raw: bytes, charset: str) -> str:
    """Percent-decoded: in UTF-8 if it can be, else in what the page was written in."""
    data = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        name = lookup(charset)
        if name and name != "utf-8":
            return data.decode(CODECS[name], "replace")
        return decode(data).text


def _multipart(body: bytes, boundary: str, charset: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for part in split_parts(body, boundary.encode("latin-1", "replace")):
        if part.file is not None:
            found.append((part.name, part.file[:MAX_VALUE]))
        elif part.media_type in ("application/json", "text/json"):
            found += [(f"{part.name}.{path}" if path else part.name, value)
                      for path, value in _json(part.body, part.charset)]  # fmt: skip
        else:
            found.append((part.name, _field_of_part(part.body, part.charset or charset)))
        if len(found) >= MAX_FIELDS:
            break
    return tuple(found[:MAX_FIELDS])


def _field_of_part(body: bytes, charset: str) -> str:
    return decode(body[:MAX_VALUE], charset).text
