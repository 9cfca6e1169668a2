"""Personal data with letters in it: mail, network addresses, plates, chat names, keys. Pure.

Each kind is one expression with a length limit on every repeat, so that no text makes it slow.
`Told` is a family: the expression, what further must hold, and whether a label is needed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Reading

SURE, PERHAPS = Confidence.VERIFIED, Confidence.SUSPECTED
PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_EMAIL = re.compile(
    r"(?<![0-9A-Za-z._%+-])[0-9A-Za-z][0-9A-Za-z._%+-]{0,63}@"
    r"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,8}[A-Za-z]{2,18}(?![0-9A-Za-z@])"
)
_MAILBOX = re.compile(r"(?<![0-9A-Za-z._%+-])[0-9A-Za-z][0-9A-Za-z._%+-]{0,63}@\Z")
_IPV4 = re.compile(r"(?<![0-9A-Za-z.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z]|\.[0-9])")
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6}(?![0-9A-Za-z:.])"
    r"|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{1,4}:){1,6}:(?:[0-9A-Fa-f]{1,4}:){0,5}[0-9A-Fa-f]{1,4}"
    r"(?![0-9A-Za-z:.])"
)
_MAC = re.compile(
    r"(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![0-9A-Za-z:-])"
    r"|(?<![0-9A-Za-z.-])[0-9A-Fa-f]{4}(?:(?:-[0-9A-Fa-f]{4}){2}|(?:\.[0-9A-Fa-f]{4}){2})(?![0-9A-Za-z.-])"
)
_UUID = re.compile(
    r"(?<![0-9A-Za-z-])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-8][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}"
    r"-[0-9A-Fa-f]{12}(?![0-9A-Za-z-])"
)
_PLATE = re.compile(
    f"[{PLATE_PROVINCES}][A-HJ-NP-Z][·•. -]?"
    r"(?:[0-9DF][0-9A-HJ-NP-Z][0-9]{3}[0-9DF]|[DF][0-9A-HJ-NP-Z][0-9]{4}|[0-9]{5}[DF]"
    r"|[0-9A-HJ-NP-Z]{4}[0-9A-HJ-NP-Z学警港澳挂试超])(?![0-9A-Za-z])"
)
_OFFICER = re.compile(
    r"[军兵士文职广沈成兰济北南空海政参后装火武警参联东西中部战]{1,2}字第 ?([0-9]{4,8}) ?号"
)
_WECHAT = re.compile(
    r"(?:微信|薇信|加V[Xx]?|加v[Xx]?|(?<![A-Za-z])(?:W|w|V|v)(?i:echat|eixin|x)(?![A-Za-z]))"
    r"(?: ?(?:号码|账号|帐号|号|ID|id|_id))?(?:[是为叫：:= \"'“]|搜索){0,4}"
    r"([A-Za-z][0-9A-Za-z_-]{5,19})(?![0-9A-Za-z@_-])"
)
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
    r"|(?<![0-9A-Za-z])(?:AKIA|LTAI|AKID)[0-9A-Za-z]{12,32}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])eyJ[0-9A-Za-z_-]{8,2000}\.eyJ[0-9A-Za-z_-]{8,4000}\.[0-9A-Za-z_-]{8,2000}"
    r"|(?<![0-9A-Za-z])sk-[0-9A-Za-z]{20,64}(?![0-9A-Za-z])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One kind told by its letters. Every match holds its hint, which is quick to look for:
    it begins no more than `back` characters before the hint and ends no more than `ahead` after.
    """

    kind: Kind
    shape: re.Pattern[str]
    hints: str
    back: int
    ahead: int
    holds: Callable[[str], bool] | None = None
    sure: bool = False  # the format says it all
    group: int = 0
    head: re.Pattern[str] | None = None  # how a match begins, up to the end of its hint


def _ipv4(text: str) -> bool:
    return all(int(part) <= 255 and part == str(int(part)) for part in text.split("."))


def _ipv6(text: str) -> bool:
    try:
        return text.count(":") >= 2 and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _mac(text: str) -> bool:
    return any(letter in "0123456789" for letter in text)


def _plate(text: str) -> bool:
    body = text[1:]
    return any(letter in "0123456789" for letter in body)


_OF_A_BOOK = re.compile("[第图表式版本章节条款编卷vV§/] ?$")
_BOOK = frozenset("节章条款版图表项")
_KEY_HEAD = re.compile(r"eyJ\Z|sk-\Z|[AL-]\Z")
_HEX = "[0-9A-Fa-f]"
_HINT = re.compile(
    rf"[@.:\-WwVvALJ字微薇加{PLATE_PROVINCES}](?:(?<=@)"
    rf"|(?<=\.)(?=[0-9]{{1,3}}\.|{_HEX}{{4}}\.)"
    rf"|(?<=:)(?={_HEX}{{0,4}}:)"
    rf"|(?<=-)(?:(?={_HEX}{{2}}-{_HEX}{{2}}-|{_HEX}{{4}}-|----BEGIN)|(?<=sk-)(?=[0-9A-Za-z]))"
    f"|(?<=[{PLATE_PROVINCES}])(?=[A-HJ-NP-Z])"
    "|(?<=字)(?=第)"
    "|(?<=[微薇])(?=信)|(?<=加)(?=[Vv])|(?<=[WwVv])(?=[Xx])|(?<=[Ww])(?=[Ee][CcIi])"
    "|(?<=A)(?=KI[AD])|(?<=L)(?=TAI)|(?<=eyJ))"
)
"""Every hint in one pass, one character each, so that none hides another. It begins with a class
of characters: then Python's engine runs over all others in a tight loop."""
_KEY = 8100  # characters of the longest key
TOLD = (
    Told(kind=Kind.EMAIL, shape=_EMAIL, hints="@", back=66, ahead=540, head=_MAILBOX),
    Told(kind=Kind.IP, shape=_IPV4, hints=".", back=4, ahead=12, holds=_ipv4),
    Told(kind=Kind.MAC, shape=_MAC, hints=".:-", back=6, ahead=18, holds=_mac, sure=True),
    Told(kind=Kind.IP, shape=_IPV6, hints=":", back=6, ahead=80, holds=_ipv6),
    Told(kind=Kind.UUID, shape=_UUID, hints="-", back=10, ahead=30, sure=True),
    Told(kind=Kind.PLATE, shape=_PLATE, hints=PLATE_PROVINCES, back=0, ahead=12, holds=_plate),
    Told(kind=Kind.OFFICER_ID, shape=_OFFICER, hints="字", back=2, ahead=14, sure=True),
    Told(kind=Kind.WECHAT, shape=_WECHAT, hints="微薇加WwVv", back=0, ahead=60, sure=True, group=1),
    Told(kind=Kind.SECRET, shape=_SECRET, hints="-ALJ", back=2, ahead=_KEY, sure=True,
         head=_KEY_HEAD),
)  # fmt: skip
_BY_HINT = {
    sign: tuple((place, told) for place, told in enumerate(TOLD) if sign in told.hints)
    for sign in "".join(told.hints for told in TOLD)
}


def find(text: str, start: int, end: int, said: Reading) -> Iterator[Hit]:
    """Hits between two places of a folded text."""
    done = [start] * len(TOLD)
    for hint in _HINT.finditer(text, start, end):
        first = hint.start()
        for place, told in _BY_HINT[text[first]]:
            if first < done[place]:
                continue
            match = _around(told, text, max(first - told.back, done[place]), first, end)
            if match is None or match.start() > first:
                continue
            done[place] = match.end()
            low, high = match.span(told.group)
            if told.kind is Kind.IP and _chapter(text, low, high):
                continue
            if told.holds is not None and not told.holds(match.group(told.group)):
                continue
            if told.sure:
                yield Hit(told.kind, low, high, SURE, "format")
                continue
            near = said.left(low)
            if told.kind in near.kinds:
                yield Hit(told.kind, low, high, SURE, "label")
            elif told.kind not in near.veto:
                yield Hit(told.kind, low, high, PERHAPS, "shape")


def _around(told: Told, text: str, low: int, hint: int, end: int) -> re.Match[str] | None:
    """The first match that begins between two places: only what is near the hint is read."""
    stop = min(hint + 1 + told.ahead, end)
    if told.back == 0:
        return told.shape.match(text, hint, stop)
    if told.head is None:
        return told.shape.search(text, low, stop)
    begun = told.head.search(text, low, hint + 1)
    return None if begun is None else told.shape.match(text, begun.start(), stop)


def _chapter(text: str, low: int, high: int) -> bool:
    """第 3.2.1.4 节, 图 12.3.4.1, v1.2.3.4: numbers with dots that are no address."""
    return (
        _OF_A_BOOK.search(text, max(0, low - 4), low) is not None
        or text[high : high + 2].lstrip()[:1] in _BOOK
    )


def value(text: str) -> Kind | None:
    """The kind that a whole cell is, by its format alone."""
    for told in TOLD:
        if told.group:
            continue
        if told.shape.fullmatch(text) and (told.holds is None or told.holds(text)):
            return told.kind
    return None
