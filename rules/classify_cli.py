"""`qinglang rules classify`: what the gateway would recognise of a name, a page, a text.

FILE and `-` are read as the body of an answer, a URL by its names; `--jsonl` takes one
document a line, at full speed. What would be done about it is not this floor's business:
the policies, where they are installed, hand in `act`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.load import DataError, Problem, WorldError
from rules.model import Facts, Signal, Signals, Stage

if TYPE_CHECKING:
    from rules.base import RuleBase
    from rules.recognise.content import Reading, Recogniser

type Act = Callable[[str, Facts, Signals], str]
"""(学段, facts, signals) → the action of the policy in force. Raises ValueError for the stage."""

LARGEST = 128 * 1024 * 1024  # bytes of a file that are taken at all
LINE = 16 * 1024 * 1024  # characters of one line
DEFAULT_STAGE = "junior"


def arguments(classify: argparse.ArgumentParser) -> None:
    """The options of `classify`."""
    classify.add_argument("input", nargs="?", default="-", metavar="HOST|URL|FILE|-")
    classify.add_argument("--name", action="append", default=[], help="SNI, Host, CONNECT")
    classify.add_argument("--page", type=Path, metavar="FILE", help="页面内容 / the page's bytes")
    classify.add_argument("--content-type", "--media-type", dest="content_type", default="")
    classify.add_argument("--charset", default="", help="响应头中的字符集 / as the header says")
    classify.add_argument("--rating", default="", help="Rating 响应头 / Rating response header")
    classify.add_argument(
        "--jsonl",
        action="store_true",
        help='每行 {"id", "html"|"text", "charset"?, "stage"?} / one document a line',
    )
    classify.add_argument(
        "--unlimited", action="store_true", help="模型看全文 / the model looks at all of a text"
    )
    classify.set_defaults(act=None)


def run(options: argparse.Namespace, base: RuleBase) -> int:
    """Classify the input and print what was found."""
    if options.jsonl:
        return _lines(options, base)
    recogniser = _recogniser(options, base) if options.page or _local(options) else None
    if recogniser is not None:
        recogniser.read(
            "<title>预热</title><p>warm".encode(), "text/html"
        )  # tables are opened once and belong to no document
    act = _act(options, base)
    begun = time.perf_counter()
    facts, reading = _observed(options, recogniser)
    answer = _answer(options, base, facts, reading, act)
    answer["ms"] = round((time.perf_counter() - begun) * 1000, 3)
    if options.json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
        return 0
    for line in _told(answer):
        sys.stdout.write(line + "\n")
    return 0


def _local(options: argparse.Namespace) -> bool:
    """Whether the input is a body rather than a name."""
    return options.input == "-" or (Path(options.input).is_file() and "://" not in options.input)


def _observed(
    options: argparse.Namespace, recogniser: Recogniser | None
) -> tuple[Facts, Reading | None]:
    from rules.hosts import canonical, split_url
    from rules.recognise.labels import header_labels, labels

    host, port, path, body = "", 0, "", None
    if _local(options):
        body = _body(options.input)
    else:
        try:
            host, port, path = split_url(options.input)
        except ValueError as error:
            raise _wrong(options.input, str(error)) from error
        if options.page is not None:
            body = _body(str(options.page))
    try:
        names = tuple(map(canonical, options.name))
    except ValueError as error:
        raise _wrong("--name", str(error)) from error
    found = header_labels(options.rating) if options.rating else ()
    kind, _, rest = options.content_type.partition(";")
    charset = options.charset or rest.partition("charset=")[2].strip(" \"'")
    reading = None
    if body is not None and recogniser is not None:
        kind = kind.strip() or ("text/plain" if options.input.endswith(".txt") else "")
        found += labels(body[: 1 << 16], kind)
        reading = recogniser.read(body, kind, charset)
    facts = Facts(
        stage=Stage.RESPONSE,
        host=host,
        port=port,
        path=path,
        names=names,
        labels=found,
        seen=reading.signals if reading else (),
    )
    return facts, reading


def _answer(
    options: argparse.Namespace,
    base: RuleBase,
    facts: Facts,
    reading: Reading | None,
    act: Act | None,
) -> dict[str, Any]:
    from rules.answers import said
    from rules.classify import classify

    signals = classify(facts, base)
    told = said(base, options.input, facts.host, signals)
    answer: dict[str, Any] = {
        **told,
        "categories": categories(signals, base),
        "labels": list(facts.labels),
        "text_chars": reading.characters if reading else 0,
    }
    if reading is not None:
        answer["charset"], answer["cut"] = reading.charset, reading.cut
    if act is not None:
        answer["action"] = act(DEFAULT_STAGE, facts, signals)
    return answer


def categories(signals: Signals, base: RuleBase) -> dict[str, float]:
    """Category → how surely, the surest first; nothing where nothing was recognised."""
    sure = dict.fromkeys(base.ids(signals.mask & ~base.unknown), 1.0)
    doubts = {base.ids(bit)[0]: round(odds, 4) for bit, odds in signals.doubts}
    return sure | doubts


def _told(answer: dict[str, Any]) -> Iterator[str]:
    names = " ".join(f"{name}={odds:g}" for name, odds in answer["categories"].items())
    action = f"  → {answer['action']}" if "action" in answer else ""
    yield f"{answer['input']}\t{names or '没有识别出什么 nothing recognised'}{action}"
    for one in answer["signals"]:
        place = f" @{one['place']}" if one["place"] else ""
        source = one["list"] or one["recogniser"]
        yield f"    {one['category']} {one['confidence']:g}{place} ← {one['matched']} ({source})"
    yield f"    {answer['text_chars']} 字 characters, {answer['ms']:.1f} ms"


def _lines(options: argparse.Namespace, base: RuleBase) -> int:
    """One answer a line, in order; a line that cannot be read gets an `error`; then 2."""
    recogniser, act = _recogniser(options, base), _act(options, base)
    bad = False
    write = sys.stdout.write
    for number, line in enumerate(_input(options.input), 1):
        if not line.strip():
            continue
        answer = document(line, recogniser, base, act)
        if "error" in answer:
            bad = True
            answer["line"] = number
        write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return 2 if bad else 0


def document(
    line: str | bytes, recogniser: Recogniser, base: RuleBase, act: Act | None
) -> dict[str, Any]:
    """The answer for one line: `id`, `categories`, `action`; or `id` and `error`."""
    from rules.classify import classify

    given: Any = None
    try:
        given = json.loads(line)
        seen = _seen(given, recogniser)
        facts = Facts(stage=Stage.RESPONSE, host="", seen=seen)
        signals = classify(facts, base)
        answer = {"id": given.get("id"), "categories": categories(signals, base)}
        if act is not None:
            answer["action"] = act(str(given.get("stage") or DEFAULT_STAGE), facts, signals)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        name = given.get("id") if isinstance(given, dict) else None
        return {"id": name, "error": str(error) or type(error).__name__}
    return answer


def _seen(given: Any, recogniser: Recogniser) -> tuple[Signal, ...]:
    if not isinstance(given, dict):
        raise TypeError('an object is wanted: {"id", "html" or "text"}')
    charset = str(given.get("charset") or "")
    html, text = given.get("html"), given.get("text")
    if isinstance(html, str):
        body = html.encode(charset or "utf-8", "replace")
        return recogniser.read(body, "text/html", charset or "utf-8").signals
    if isinstance(text, str):
        return recogniser.text(text)
    raise TypeError("`html` or `text` is wanted, as text")


def _input(name: str) -> Iterable[bytes]:
    if name == "-":
        while line := sys.stdin.buffer.readline(LINE):
            yield line
        return
    with _opened(name) as source:
        while line := source.readline(LINE):
            yield line


def _body(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LARGEST)
    with _opened(name) as source:
        return bytes(source.read(LARGEST))


def _opened(name: str) -> Any:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise WorldError(f"{name} 打不开 cannot be opened: {error.strerror}") from error


def _recogniser(options: argparse.Namespace, base: RuleBase) -> Recogniser:
    from rules.recognise.content import Recogniser

    return Recogniser.open(base.path, budget=0 if options.unlimited else None)


def _act(options: argparse.Namespace, base: RuleBase) -> Act | None:
    made: Act | None = options.act(options, base) if options.act is not None else None
    return made


def _wrong(place: str, message: str) -> DataError:
    return DataError([Problem(file=place, line=1, column=1, message=message)])
