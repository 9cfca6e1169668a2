"""A SQL statement → verb, tables, columns, whether it is filtered; its literals are dropped.

Logs hold statements cut off in the middle, of several dialects and with anything in them, so
this reads tokens and never fails. A quote that is not closed hides all that follows: a literal
never becomes a name. What looks like a number of somebody in a quoted name is not kept. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache

from audit.lifecycle.logs.model import Reduced, Verb
from audit.lifecycle.logs.sql_words import (
    CLAUSE_ENDS,
    CONSTANT,
    FROM_IS_AN_ARGUMENT,
    INTRO,
    NOT_COLUMNS,
    SETTINGS,
    SKIP,
    STOP,
    VERB,
)

LONGEST = 64 * 1024  # characters that are looked at
MOST_NAMES = 64


class Dialect(Enum):
    """How quotes and comments are read."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"


_COMMON = r"""
 (?P<space>\s++)
|(?P<block>/\*(?!!)(?s:.*?)\*/)
|(?P<word>[^\W\d][\w$]*+)
|(?P<number>\d[\w.]*+)
"""
_TOKENS = {
    Dialect.POSTGRESQL: re.compile(
        r"(?P<line>--[^\n]*+)|(?P<text>[eE]'(?:[^'\\]|''|\\(?s:.))*+'|'(?:[^']|'')*+'"
        r"|\$(?P<tag>\w*+)\$(?s:.*?)\$(?P=tag)\$)"
        r'|(?P<name>"(?:[^"]|"")*+")|' + _COMMON
        + r"|(?P<open>['\"]|/\*|\$[A-Za-z_]*+\$)|(?P<sign>.)",
        re.VERBOSE | re.DOTALL,
    ),
    Dialect.MYSQL: re.compile(
        r"(?P<line>--[^\n]*+|[#][^\n]*+)|(?P<text>'(?:[^'\\]|''|\\(?s:.))*+')"
        r'|(?P<either>"(?:[^"\\]|""|\\(?s:.))*+")|(?P<name>`(?:[^`]|``)*+`)'
        r"|(?P<executed>/\*!\d*+|\*/)|" + _COMMON
        + r"|(?P<open>['\"`]|/\*)|(?P<sign>.)",
        re.VERBOSE | re.DOTALL,
    ),
}  # fmt: skip

_AUDIT = re.compile(
    r"(?i)server_audit|pgaudit|audit_log|^(?:log_statement|log_connections|log_disconnections"
    r"|logging_collector|log_destination|log_min_\w+|general_log|log_output|sql_log_off)$"
)

type Token = tuple[str, str]  # word, name, text, number, sign


def reduce(statement: str, dialect: Dialect, *, cut: bool = False) -> Reduced:
    """What a statement does. `cut`: the log says that it does not hold all of it."""
    return _reduced(statement[:LONGEST], dialect, cut or len(statement) > LONGEST)


@lru_cache(maxsize=2048)
def _reduced(statement: str, dialect: Dialect, cut: bool) -> Reduced:
    tokens, closed = tokens_of(statement, dialect)
    cut = cut or not closed
    tokens = _main(tokens)
    if not tokens or tokens[0][0] != "word":
        return Reduced(verb=Verb.OTHER, command="", cut=cut)
    command = tokens[0][1].upper()
    words = [text.upper() for kind, text in tokens if kind == "word"]
    auditing = _touches_auditing(command, tokens, words)
    verb, export = _verb(command, words)
    if verb is Verb.OTHER:
        return Reduced(verb=verb, command=command[:32], auditing=auditing, cut=cut)
    columns: tuple[str, ...] = ()
    if verb is not Verb.GRANT:
        columns = tuple(dict.fromkeys(_columns(tokens, command)))[:MOST_NAMES]
    export = export or ("SQL_NO_CACHE" in words and "*" in columns)  # a dump by mysqldump
    filtered = None
    if command in ("UPDATE", "DELETE") or verb is Verb.READ:
        filtered = _filtered(tokens) or (verb is Verb.READ and command != "COPY" and not columns)
        if not filtered and cut:
            filtered = None
    return Reduced(
        verb=verb,
        command=command,
        tables=tuple(dict.fromkeys(_tables(tokens, command)))[:MOST_NAMES],
        columns=columns,
        export=export,
        filtered=filtered,
        auditing=auditing,
        cut=cut,
    )


def tokens_of(statement: str, dialect: Dialect) -> tuple[list[Token], bool]:
    """Words, names and signs; of literals only that there is one. False: a quote stays open."""
    found: list[Token] = []
    for match in _TOKENS[dialect].finditer(statement):
        kind = match.lastgroup or ""
        text = match.group()
        if kind == "tag":
            kind = "text"
        if kind == "open":
            return found, False
        if kind in ("space", "line", "block", "executed"):
            continue
        if kind == "name" or kind == "either":  # noqa: PLR1714 - one is perhaps a literal
            found.append((kind, text[1:-1]))
        elif kind == "text":
            found.append((kind, text if _AUDIT.search(text[1:-1]) else ""))
        else:
            found.append((kind, text))
    return found, True


def safe(name: str) -> str:
    """A name as it may be kept: nothing that looks like a number or an address of somebody."""
    if len(name) > 63 or re.search(r"\d{7}|@|\s", name) or not name.isprintable():
        return "?"
    return name


def _main(tokens: list[Token]) -> list[Token]:
    """Without what stands before the statement itself: (, EXPLAIN, PREPARE x AS, DECLARE … FOR."""
    start = 0
    while start < len(tokens) and tokens[start][1] in ("(", ";"):
        start += 1
    tokens = tokens[start:]
    if not tokens or tokens[0][0] != "word":
        return tokens
    opening = tokens[0][1].upper()
    until = {"PREPARE": "AS", "DECLARE": "FOR"}.get(opening)
    if until:
        for place, (kind, text) in enumerate(tokens):
            if kind == "word" and text.upper() == until:
                return _main(tokens[place + 1 :])
    if opening in ("EXPLAIN", "ANALYZE") and len(tokens) > 1:
        for place, (kind, text) in enumerate(tokens[1:], 1):
            if kind == "word" and (text.upper() in VERB or text.upper() == "WITH"):
                return tokens[place:]
    return tokens


def _verb(command: str, words: Sequence[str]) -> tuple[Verb, bool]:
    if command == "WITH":
        writes = any(word in ("INSERT", "UPDATE", "DELETE", "MERGE") for word in words)
        return (Verb.WRITE if writes else Verb.READ), False
    if command == "COPY":
        out = "TO" in words and ("FROM" not in words or words.index("SELECT") < words.index("TO")
                                 if "SELECT" in words else "FROM" not in words)  # fmt: skip
        return (Verb.READ, True) if out else (Verb.WRITE, False)
    if command in ("CREATE", "ALTER", "DROP") and len(words) > 1 and words[1] in ("USER", "ROLE"):
        return Verb.GRANT, False
    if command == "SET" and len(words) > 1 and words[1] == "PASSWORD":
        return Verb.GRANT, False
    verb = VERB.get(command, Verb.OTHER)
    return verb, verb is Verb.READ and ("OUTFILE" in words or "DUMPFILE" in words)


def _touches_auditing(command: str, tokens: Sequence[Token], words: Sequence[str]) -> bool:
    if command in SETTINGS and any(_AUDIT.search(text) for kind, text in tokens if kind != "text"):
        return True
    called = "SET_CONFIG" in words or command in ("UNINSTALL", "INSTALL")
    if called and any(kind in ("text", "either") and _AUDIT.search(text) for kind, text in tokens):
        return True
    return any(word.startswith("AUDIT_LOG_FILTER") for word in words)


def _tables(tokens: list[Token], command: str) -> Iterator[str]:
    ctes = _ctes(tokens)
    calls: list[str] = []  # the word before each open parenthesis
    place = 0
    while place < len(tokens):
        kind, text = tokens[place]
        if text == "(" and kind == "sign":
            calls.append(tokens[place - 1][1].upper() if place else "")
        elif text == ")" and kind == "sign":
            calls[-1:] = []
        elif (
            kind == "word" and text.upper() in INTRO and _introduces(tokens, place, command, calls)
        ):
            place, found = _listed(tokens, place + 1, text.upper(), command)
            yield from (name for name in found if name not in ctes)
            continue
        place += 1


def _introduces(tokens: list[Token], place: int, command: str, calls: list[str]) -> bool:
    word = tokens[place][1].upper()
    before = tokens[place - 1][1].upper() if place else ""
    if word == "FROM":
        return before != "DISTINCT" and not (calls and calls[-1] in FROM_IS_AN_ARGUMENT)
    if word == "UPDATE":
        return before in ("", "(", ")")
    if word == "ON":
        return command in ("GRANT", "REVOKE", "CREATE", "DROP", "COMMENT") and not calls
    if word == "USING":
        return command in ("DELETE", "MERGE")
    if word in ("COPY", "TRUNCATE"):
        return place == 0
    return True


def _listed(tokens: list[Token], place: int, intro: str, command: str) -> tuple[int, list[str]]:
    """The names of a list of tables that begins here, and where it ends."""
    found: list[str] = []
    with_columns = intro in ("INTO", "COPY", "TABLE", "ON", "TRUNCATE") and command != "SELECT"
    while place < len(tokens):
        while (
            place < len(tokens) and tokens[place][0] == "word" and tokens[place][1].upper() in SKIP
        ):
            place += 1
        start = place
        place, name = _name(tokens, place)
        if not name:
            break
        called = place < len(tokens) and tokens[place][1] == "(" and not with_columns
        if not called and not (
            tokens[start][0] == "word"
            and name.upper() in STOP | {"OUTFILE", "DUMPFILE", "STDIN", "ALL", "DUAL"}
        ):
            found.append(name)
        if called or intro in ("JOIN", "STRAIGHT_JOIN", "INTO", "COPY", "ON", "USING"):
            break
        place = _past_alias(tokens, place)
        if place >= len(tokens) or tokens[place][1] != ",":
            break
        place += 1
    return max(place, 1), found


def _name(tokens: list[Token], place: int) -> tuple[int, str]:
    parts: list[str] = []
    while place < len(tokens) and tokens[place][0] in ("word", "name", "either"):
        parts.append(safe(tokens[place][1]))
        place += 1
        if place >= len(tokens) or tokens[place][1] != ".":
            break
        place += 1
    return place, ".".join(parts[-2:])


def _past_alias(tokens: list[Token], place: int) -> int:
    if place < len(tokens) and tokens[place][0] == "word" and tokens[place][1].upper() == "AS":
        return place + 2
    if (
        place < len(tokens)
        and tokens[place][0] in ("word", "name")
        and tokens[place][1].upper() not in STOP
    ):
        return place + 1
    return place


def _ctes(tokens: list[Token]) -> set[str]:
    if not tokens or tokens[0][1].upper() != "WITH":
        return set()
    return {
        tokens[place][1]
        for place in range(1, len(tokens) - 2)
        if tokens[place + 1][1].upper() == "AS"
        and tokens[place + 2][1].upper() in ("(", "NOT", "MATERIALIZED")
    }


def _columns(tokens: list[Token], command: str) -> Iterator[str]:
    if command in ("INSERT", "REPLACE", "COPY"):
        yield from _bracketed(tokens)
    if command == "UPDATE" or (command == "INSERT" and _has(tokens, "SET")):
        yield from _assigned(tokens)
    depth = 0
    lists: list[int] = []  # depths at which a list of SELECT is open
    for place, (kind, text) in enumerate(tokens):
        upper = text.upper() if kind == "word" else ""
        if kind == "sign" and text in "()":
            depth += 1 if text == "(" else -1
            while lists and lists[-1] > depth:
                lists.pop()
        elif upper == "SELECT":
            lists.append(depth)
        elif upper in ("FROM", "INTO") and lists and lists[-1] == depth:
            lists.pop()
        elif lists and kind in ("word", "name") and upper not in NOT_COLUMNS:
            if _is_column(tokens, place):
                yield safe(text)
        elif (
            lists
            and text == "*"
            and tokens[place - 1][1].upper()
            in ("SELECT", ",", ".", "DISTINCT", "ALL", "SQL_NO_CACHE")
        ):
            yield "*"


def _is_column(tokens: list[Token], place: int) -> bool:
    after = tokens[place + 1][1] if place + 1 < len(tokens) else ""
    before = tokens[place - 1] if place else ("", "")
    if after in ("(", ".", ":") or (after.upper() == "FROM" and _called(tokens, place)):
        return False
    if before[0] == "word" and before[1].upper() == "AS":
        return False
    alias = before[0] in ("word", "name", "text", "number") and before[1].upper() not in NOT_COLUMNS
    return not (alias and before[1].upper() != "SELECT") and before[1] not in (")", ":", "@")


def _called(tokens: list[Token], place: int) -> bool:
    """The year of `extract(year from …)`."""
    return place > 1 and tokens[place - 2][1].upper() in FROM_IS_AN_ARGUMENT


def _bracketed(tokens: list[Token]) -> Iterator[str]:
    """The first list in parentheses: of INSERT and COPY."""
    inside = False
    for kind, text in tokens:
        if kind == "word" and text.upper() in ("VALUES", "SELECT", "SET", "TO", "FROM", "VALUE"):
            return
        if text == ")" and inside:
            return
        if inside and kind in ("word", "name"):
            yield safe(text)
        inside = inside or text == "("


def _assigned(tokens: list[Token]) -> Iterator[str]:
    setting = False
    for place, (kind, text) in enumerate(tokens):
        if kind == "word" and text.upper() == "SET":
            setting = True
        elif kind == "word" and text.upper() in ("WHERE", "FROM", "RETURNING"):
            setting = False
        elif (
            setting
            and kind in ("word", "name")
            and [one[1] for one in tokens[place + 1 : place + 2]] == ["="]
            and tokens[place - 1][1].upper() in ("SET", ",", ".")
        ):
            yield safe(text)


def _filtered(tokens: list[Token]) -> bool:
    """LIMIT, or a WHERE that looks at something: `WHERE 1=1` filters nothing."""
    looking = False
    for kind, text in tokens:
        upper = text.upper() if kind == "word" else ""
        if upper in ("LIMIT", "FETCH"):
            return True
        if upper == "WHERE":
            looking = True
        elif upper in CLAUSE_ENDS:
            looking = False
        elif looking and kind in ("word", "name", "either") and upper not in CONSTANT:
            return True
    return False


def _has(tokens: list[Token], word: str) -> bool:
    return any(kind == "word" and text.upper() == word for kind, text in tokens)
