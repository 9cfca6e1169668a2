"""Personal data with letters in it: mail, network addresses, plates, chat names, keys. Pure.

Each kind is one expression with a length limit on every repeat, so that no text makes it slow.
`Told` is a family: the expression, what further must hold, and whether a label is needed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Reading

SURE, PERHAPS = Confidence.VERIFIED, Confidence.SUSPECTED
PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_EMAIL = re.compile(
    r"(?<![0-9A-Za-z._%+-])[0-9A-Za-z][0-9A-Za-z._%+-]{0,63}@"
    r"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,8}[A-Za-z]{2,18}(?![0-9A-Za-z@])"
)
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
    f"[{PLATE_PROVINCES}][A-Z][·•. -]?"
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
_OCTETS = frozenset(map(str, range(256)))
_HOSTS = frozenset(map(str, range(1, 240)))
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
    r"|(?<![0-9A-Za-z])(?:AKIA|LTAI|AKID)[0-9A-Za-z]{12,32}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])eyJ[0-9A-Za-z_-]{8,2000}\.eyJ[0-9A-Za-z_-]{8,4000}\.[0-9A-Za-z_-]{8,2000}"
    r"|(?<![0-9A-Za-z])sk-[0-9A-Za-z]{20,64}(?![0-9A-Za-z])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One kind told by its letters. Every match holds a hint, which is quick to look for, and
    begins one of so many characters ahead of it, or where all that is `lead` before it begins
    (at most so many characters, at least one); `longest` is what follows the hint at most.
    """

    kind: Kind
    shape: re.Pattern[str]
    hints: Mapping[str, tuple[int, ...]]
    longest: int
    lead: str = ""
    holds: Callable[[str], bool] | None = None
    sure: bool = False  # the format says it all
    group: int = 0


def _ipv4(text: str) -> bool:
    """Four numbers of a host: 0/8 is none, and from 240 on nobody is (RFC 6890); a mask is one."""
    parts = text.split(".")
    return _OCTETS.issuperset(parts) and parts[0] in _HOSTS


def _ipv6(text: str) -> bool:
    if "::" not in text and text.count(":") != 7:  # a time of day, a MAC
        return False
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _mac(text: str) -> bool:
    return any(letter in "0123456789" for letter in text)


def _plate(text: str) -> bool:
    body = text[1:]
    return any(letter in "0123456789" for letter in body)


_OF_A_BOOK = re.compile("[第图表式版本章节条款编卷vV§/] ?$")
_BOOK = frozenset("节章条款版图表项")
_HEX = "[0-9A-Fa-f]"
_HINT = re.compile(
    rf"[@.:\-WwVvALJ字微薇加{PLATE_PROVINCES}](?:(?P<mail>(?<=@))"
    rf"|(?<=\.)(?:(?P<dot>(?=[0-9]{{1,3}}\.))|(?P<dot4>(?={_HEX}{{4}}\.)))"
    rf"|(?<=:)(?:(?P<pair>(?={_HEX}{{2}}:{_HEX}{{2}}:))|(?P<colon>(?={_HEX}{{0,4}}:)))"
    rf"|(?<=-)(?:(?P<dash>(?={_HEX}{{2}}-{_HEX}{{2}}-))|(?P<dash4>(?={_HEX}{{4}}-))"
    r"|(?P<key>(?=----BEGIN))|(?P<sk>(?<=sk-)(?=[0-9A-Za-z])))"
    f"|(?P<plate>(?<=[{PLATE_PROVINCES}])(?=[A-Z]))"
    "|(?P<issued>(?<=字)(?=第))"
    "|(?P<chat>(?<=[微薇])(?=信)|(?<=加)(?=[Vv])|(?<=[WwVv])(?=[Xx])|(?<=[Ww])(?=[Ee][CcIi]))"
    "|(?P<access>(?<=A)(?=KI[AD])|(?<=L)(?=TAI))|(?P<jwt>(?<=eyJ)))"
)
"""Every hint in one pass, one character each, so that none hides another. It begins with a class
of characters: then Python's engine runs over all others in a tight loop."""
_DIGITS = "0123456789"
_MAILBOX = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._%+-"
TOLD = (
    Told(kind=Kind.EMAIL, shape=_EMAIL, hints={"mail": (64,)}, longest=540, lead=_MAILBOX),
    Told(kind=Kind.IP, shape=_IPV4, hints={"dot": (3,)}, longest=14, lead=_DIGITS, holds=_ipv4),
    Told(kind=Kind.MAC, shape=_MAC, longest=18, holds=_mac, sure=True,
         hints={"pair": (2,), "dash": (2,), "dot4": (4,), "dash4": (4,)}),
    Told(kind=Kind.IP, shape=_IPV6, longest=80, lead=_DIGITS + "ABCDEFabcdef", holds=_ipv6,
         hints={"colon": (4,), "pair": (4,)}),
    Told(kind=Kind.UUID, shape=_UUID, hints={"dash4": (8,)}, longest=30, sure=True),
    Told(kind=Kind.PLATE, shape=_PLATE, hints={"plate": (0,)}, longest=12, holds=_plate),
    Told(kind=Kind.OFFICER_ID, shape=_OFFICER, hints={"issued": (2, 1)}, longest=14, sure=True),
    Told(kind=Kind.WECHAT, shape=_WECHAT, hints={"chat": (0,)}, longest=60, sure=True, group=1),
    Told(kind=Kind.SECRET, shape=_SECRET, longest=8100, sure=True,
         hints={"key": (0,), "access": (0,), "jwt": (2,), "sk": (2,)}),
)  # fmt: skip
_BY_HINT = tuple(
    tuple((place, told, told.hints[name]) for place, told in enumerate(TOLD) if name in told.hints)
    for name in ("", *_HINT.groupindex)
)


def find(text: str, start: int, end: int, said: Reading) -> Iterator[Hit]:
    """Hits between two places of a folded text."""
    done = [start] * len(TOLD)
    for hint in _HINT.finditer(text, start, end):
        first = hint.start()
        for place, told, before in _BY_HINT[hint.lastindex or 0]:
            floor = done[place]
            if first < floor:
                continue
            match = _around(told, text, floor, first, before, end)
            if match is None:
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
            elif told.kind not in near.veto and not (
                told.shape is _IPV4 and _version(text, low, high)
            ):
                yield Hit(told.kind, low, high, PERHAPS, "shape")


def _around(
    told: Told, text: str, floor: int, hint: int, before: tuple[int, ...], end: int
) -> re.Match[str] | None:
    """The match that holds the hint, if there is one; only what is near is read."""
    stop = min(hint + 1 + told.longest, end)
    match = told.shape.match
    if told.lead:
        low = max(hint - before[0], floor)
        begin = low + len(text[low:hint].rstrip(told.lead))
        return match(text, begin, stop) if begin < hint else None
    for one in before:
        if hint - one >= floor and (found := match(text, hint - one, stop)) is not None:
            return found
    return None


def _chapter(text: str, low: int, high: int) -> bool:
    """第 3.2.1.4 节, 图 12.3.4.1, v1.2.3.4: numbers with dots that are no address."""
    return (
        _OF_A_BOOK.search(text, max(0, low - 4), low) is not None
        or text[high : high + 2].lstrip()[:1] in _BOOK
    )


_SOFTWARE = re.compile(
    r"(?:版|固件|驱动|驱动程序|补丁|系统|软件|程序|客户端|升级[至到]|更新[至到]|议题|工序|附件|附表|页码|页|"
    r"(?<![A-Za-z])(?i:apps?|sdk|firmware|version|release|build|bootrom|gcc|clang|python|java|jdk|node"
    r"|chrome|firefox|edge|safari|android|ios|windows|linux|openssl|nginx|oid|mib|rev))"
    r"[ ：:/(（)）]{0,3}$"
)
"""What stands before a version or a number of a chapter."""
_RELEASED = re.compile(r" ?(?:已?发布|更新|修复|升级|下载|版|安装|补丁|固件)")
_NETWORK = re.compile(
    r"地址|网关|网络|网段|主机|服务器|登录|登陆|访问|来自|终端|端口|代理|解析|攻击|"
    r"(?<![A-Za-z])(?i:ip|dns|host|from|client|src|dst|connect|server|ping|peer|remote|arp|dhcp)",
)


def _version(text: str, low: int, high: int) -> bool:
    """app 10.0.9.66 已发布, 页码 1.2.3.4: software, or a chapter; a small one wants a network."""
    if _SOFTWARE.search(text, max(0, low - 14), low) or _RELEASED.match(text, high):
        return True
    parts = text[low:high].split(".")
    if len(parts) != 4 or len(parts[0]) > 1 or max(map(len, parts)) > 2:
        return False
    return not (
        _NETWORK.search(text, max(0, low - 24), low)
        or re.match(r"[:/][0-9]", text[high : high + 2])
    )


def value(text: str) -> Kind | None:
    """The kind that a whole cell is, by its format alone."""
    for told in TOLD:
        if told.group:
            continue
        if told.shape.fullmatch(text) and (told.holds is None or told.holds(text)):
            return told.kind
    return None
