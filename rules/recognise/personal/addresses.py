"""Postal addresses in Chinese: a place of the map, then road, number, building, room. Pure.

With a province or a municipality at the head an address is one by its grammar; without one it
needs a county or a town before the road, or a label. Every repeat has a length limit.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Iterator

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Reading

MOST = 80  # characters
PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|"
    "广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_HAN = "[\u4e00-\u9fff]"
_NUMBER = r"[0-9一二三四五六七八九十百千零〇甲乙丙丁A-Za-z]"
_REGION = rf"(?:(?:{PROVINCES})(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区|特别行政区)?)"
_CITY = rf"(?:{_HAN}{{2,6}}?(?:市|地区|盟|州)|{_HAN}{{2,8}}?自治州(?:{_HAN}{{1,4}}?市)?)"
_COUNTY = rf"(?:{_HAN}{{1,7}}?(?:自治县|新区|开发区|高新区|区|县|旗|市))"
_TOWN = rf"(?:{_HAN}{{1,6}}?(?:街道|镇|乡|苏木|办事处))"
_ESTATE = (
    rf"(?:{_HAN}{{2,6}}?(?:[东西南北中一二三四五六]区)?"
    r"(?=[0-9A-Z]{1,3}(?:栋|幢|#|号楼|座|-[0-9]{1,3}-)))"
)
"""The name of an estate, whatever it is: a building's number follows."""
_ROAD = (
    rf"(?>{_ESTATE}|{_HAN}{{0,3}}{_NUMBER}{{0,4}}{_HAN}{{1,8}}?"
    r"(?:大道|大街|路|街|巷|弄|胡同|里|道|村|社|组|屯|小区|新村|花园|家园|公寓|社区|苑|园|庄|坪|湾|沟|桥|城|邸|庭|居|院|宿舍)+"
    rf"(?:[与和]{_HAN}{{1,8}}?[路街道巷](?:的?交叉?(?:路?口|处)|路?口))?)"
)
"""Never taken apart again once it is read: else a text of roads alone is read in every way."""
_FLAT = r"(?!1[3-9][0-9]-)[0-9A-Za-z]{1,3}(?:-[0-9A-Za-z]{1,4}){1,3}(?![0-9A-Za-z-])"
"""Building, stairs and room without their words: 6-1-327; 138-0000-0000 is a telephone."""
_DETAIL = (
    rf"(?:[（(]?{_NUMBER}{{1,6}}(?:[-－–至]{_NUMBER}{{1,6}}){{0,4}}"
    rf"(?:号院|号楼|号|弄|巷|栋|幢|座|楼|层|单元|门|室|房|户|组|社|队|期|区|段|#)[）)]?"
    rf"|附{_NUMBER}{{1,5}}号?|{_FLAT}|[-－]{_NUMBER}{{1,6}}|{_HAN}{{2,10}}?(?:小区|花园|家园|公寓|大厦|广场|新村|苑|园|城|府|庭|郡|宿舍|家属院|中心|名邸|府邸|邸|居|楼)|{_ESTATE})"
)
_TAIL = rf"(?:{_ROAD}{{1,4}} ?{_DETAIL}{{1,8}}(?:{_NUMBER}{{1,5}}(?![0-9A-Za-z-]))?|{_ROAD}{{2,5}})"
_FULL = re.compile(rf"{_REGION}{_CITY}?{_COUNTY}{{0,2}}{_TOWN}?{_TAIL}")
_SHORT = re.compile(
    rf"(?:{_CITY}{_COUNTY}?|{_HAN}{{1,4}}?(?:新区|区|县)){_TOWN}?{_ROAD}{{1,3}} ?"
    rf"{_NUMBER}{{1,6}}(?:号|弄|栋|幢){_DETAIL}{{0,6}}(?:{_NUMBER}{{1,5}}(?![0-9A-Za-z-]))?"
)
_ANCHOR = re.compile(PROVINCES)
_ROADS = re.compile(rf"[路街道巷弄村]{_NUMBER}{{1,6}}[号弄栋幢]")
_LABEL = re.compile(
    r"(?:家庭住址|家庭地址|现住址|户籍地址|户口所在地|户籍所在地|通讯地址|联系地址|收货地址|居住地址|"
    r"常住地址|住址|地址|现居地)(?:[（(][\u4e00-\u9fff]{1,8}[）)])?[\"']? ?[:：=][ \"'“]{0,2}"
)
_LABELS = ("址", "所在地", "居地")
_LABELLED = re.compile(
    rf"(?:{_REGION})?{_CITY}?{_COUNTY}{{0,2}}{_TOWN}?"
    rf"(?:{_ROAD} ?{_DETAIL}{{1,8}}|{_ROAD}{{1,4}}{_DETAIL}{{0,8}})"
    rf"(?:{_NUMBER}{{1,5}}(?![0-9A-Za-z-]))?"
)
_PLACE = re.compile(rf"{_NUMBER}|[路街巷村镇乡区县市]")
_NO_HEAD = re.compile(r"(?:位于|住在|家住|居住在|现居|就读于|来自|地址|住址|到|在|于|为|是|从)")


def find(text: str, start: int, end: int, said: Reading) -> Iterator[Hit]:
    """Hits between two places of a folded text, those with a label first."""
    done = start
    taken: list[tuple[int, int]] = []
    labels = _LABEL.finditer(text, start, end) if _said(text, start, end) else ()
    for label in labels:
        match = _LABELLED.match(text, label.end(), min(end, label.end() + MOST))
        if match is not None and match.end() - match.start() >= 5 and _PLACE.search(match.group()):
            taken.append(match.span())
            yield Hit(Kind.ADDRESS, *match.span(), Confidence.VERIFIED, "label")
    for anchor in _ANCHOR.finditer(text, start, end):
        if anchor.start() < done:
            continue
        match = _FULL.match(text, anchor.start(), min(end, anchor.start() + MOST))
        if match is not None:
            done = match.end()
            if _free(taken, *match.span()):
                insort(taken, match.span())
                yield _hit(match.start(), match.end(), said, "province")
    for road in _ROADS.finditer(text, start, end):
        at = bisect_right(taken, (road.start(), len(text)))
        before = taken[at - 1][1] if at else start
        if road.start() < before:
            continue
        low = max(start, road.start() - 24, before)
        match = _SHORT.search(text, low, min(end, road.end() + 40))
        if match is not None and match.start() <= road.start() < match.end():
            begin = match.start()
            heads = [one.end() for one in _NO_HEAD.finditer(text, begin, road.start())]
            if heads and _SHORT.match(text, heads[-1], match.end()) is not None:
                begin = heads[-1]
            if not _free(taken, begin, match.end()):
                continue
            insort(taken, (begin, match.end()))
            yield _hit(begin, match.end(), said, "county")


def _said(text: str, start: int, end: int) -> bool:
    return any(text.find(word, start, end) >= 0 for word in _LABELS)


def _free(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    """Nothing that was taken lies over it; what was taken is in order and apart."""
    at = bisect_right(taken, (start, end))
    return (at == 0 or taken[at - 1][1] <= start) and (at == len(taken) or end <= taken[at][0])


def _hit(start: int, end: int, said: Reading, rule: str) -> Hit:
    near = said.left(start)
    sure = Kind.ADDRESS in near.kinds
    return Hit(
        Kind.ADDRESS, start, end, Confidence.VERIFIED if sure else Confidence.SUSPECTED, rule
    )
