"""Population test of our own starter lists (rules/lists/starter-*).

Reads the files with a few lines of its own instead of the product's importer, so
that a mistake in the importer cannot hide a mistake in the data. No network: that a
host exists is public knowledge, not something a test may look up.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

RULES = Path(__file__).parents[2] / "rules"
LISTS = sorted((RULES / "lists").glob("starter-*"))
LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
HOST = re.compile(rf"(?:{LABEL}\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
CATEGORY = re.compile(r"-?[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

MAIN = """
ads ai ai-companion anime app-store automotive banking blog cdn cloud comics crypto dating
design developer education encrypted-dns esports file-sharing finance food forum gambling
game-platform games government homework-answers iot jobs kids library live lottery mail maps
medical meeting messaging music netdisk news novels office p2p payment photo porn portal proxy
real-estate reference remote-control search shopping short-video social sports system trackers
translation travel updates url-shortener video vpn weather
"""

WELL_KNOWN = {
    "encrypted-dns": """
        dns.google one.one.one.one cloudflare-dns.com alidns.com doh.pub dot.pub doh.360.cn
        quad9.net opendns.com nextdns.io cleanbrowsing.org adguard-dns.com controld.com
        8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 223.5.5.5 223.6.6.6 208.67.222.222
        94.140.14.14 2001:4860:4860::8888 2606:4700:4700::1111 2620:fe::fe 2400:3200::1
        """,
    "search": """
        baidu.com sogou.com so.com sm.cn quark.cn so.toutiao.com bing.com google.com
        google.com.hk duckduckgo.com yandex.ru yandex.com
        """,
    "system": """
        captive.apple.com msftconnecttest.com connectivitycheck.gstatic.com hicloud.com miui.com
        ocsp.apple.com digicert.com lencr.org globalsign.com ntp.org ntp.aliyun.com
        windows.com
        """,
    "updates": "windowsupdate.com update.microsoft.com swcdn.apple.com gvt1.com ubuntu.com",
    "banking": "icbc.com.cn ccb.com abchina.com boc.cn bankcomm.com psbc.com cmbchina.com",
    "payment": "alipay.com tenpay.com pay.weixin.qq.com unionpay.com 95516.com paypal.com",
    "short-video": "douyin.com kuaishou.com tiktok.com channels.weixin.qq.com",
    "games": "steampowered.com 4399.com mihoyo.com roblox.com lol.qq.com",
    "ai": "deepseek.com doubao.com kimi.com chatgpt.com claude.ai gemini.google.com",
    "education": "smartedu.cn pku.edu.cn tsinghua.edu.cn jw.beijing.gov.cn chsi.com.cn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as it stands in a file."""

    place: str
    name: str
    categories: tuple[str, ...]

    @property
    def host(self) -> str:
        return self.name.removeprefix("=").partition("/")[0]

    @property
    def plus(self) -> frozenset[str]:
        return frozenset(item for item in self.categories if not item.startswith("-"))

    @property
    def minus(self) -> frozenset[str]:
        return frozenset(item[1:] for item in self.categories if item.startswith("-"))


def entries(folder: Path) -> Iterator[Line]:
    text = (folder / "hosts.txt").read_bytes().decode("utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            place = f"{folder.name}/hosts.txt:{number}"
            yield Line(place=place, name=words[0], categories=tuple(words[1:]))


ALL = tuple(line for folder in LISTS for line in entries(folder))
BY_NAME = {line.name: line for line in ALL}


def is_address(host: str) -> bool:
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return False


def covering(target: str) -> list[str]:
    """The names whose scope holds `host[/path]`, nearest first, itself included."""
    host, slash, path = target.partition("/")
    parts = path.split("/") if slash else []
    paths = ["/".join([host, *parts[:end]]) for end in range(len(parts), 0, -1)]
    labels = [host] if is_address(host) else host.split(".")
    return paths + [".".join(labels[cut:]) for cut in range(len(labels))]


def above(line: Line) -> list[Line]:
    """The entries whose scope covers this one, nearest first."""
    names = covering(line.name.removeprefix("="))
    return [BY_NAME[name] for name in names if name in BY_NAME and name != line.name]


def inherited(line: Line) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for parent in reversed(above(line)):
        found = (found - parent.minus) | parent.plus
    return found


def syntax_problem(line: Line) -> str:
    """Why the entry is malformed, or an empty string."""
    host = line.host
    path = line.name.removeprefix("=")[len(host) :]
    if not (HOST.fullmatch(host) or is_address(host)) or len(host) > 253:
        return "no canonical host name or address"
    if not PATH.fullmatch(path):
        return "the path is not plain"
    if not line.plus:
        return "no category"
    if len(set(line.categories)) != len(line.categories) or line.plus & line.minus:
        return "a category stands twice"
    if not all(CATEGORY.fullmatch(item) for item in line.categories):
        return "no category id"
    return ""


@pytest.mark.parametrize(
    ("name", "categories", "good"),
    [
        ("y.qq.com", ("music", "-portal"), True),
        ("=www.gov.cn", ("government",), True),
        ("www.bing.com/maps", ("maps", "-search"), True),
        ("2001:4860:4860::8888", ("encrypted-dns",), True),
        ("8.8.8.8", ("encrypted-dns",), True),
        ("QQ.com", ("portal",), False),
        ("ｑｑ.com", ("portal",), False),
        ("qq.com.", ("portal",), False),
        ("qq..com", ("portal",), False),
        ("http://qq.com", ("portal",), False),
        ("qq.com:443", ("portal",), False),
        ("*.qq.com", ("portal",), False),
        ("😀.com", ("portal",), False),
        ("1.2.3.256", ("encrypted-dns",), False),
        ("2001:4860:4860:0::8888", ("encrypted-dns",), False),
        ("qq", ("portal",), False),
        ("qq.com/a?b", ("portal",), False),
        ("qq.com", (), False),
        ("qq.com", ("-portal",), False),
        ("qq.com", ("portal", "portal"), False),
        ("qq.com", ("portal", "-portal"), False),
        ("qq.com", ("Portal",), False),
        ("a" * 250 + ".com", ("portal",), False),
    ],
)
def test_the_syntax_check_itself(name: str, categories: tuple[str, ...], good: bool) -> None:
    line = Line(place="here", name=name, categories=categories)
    assert (not syntax_problem(line)) is good


def test_every_line_is_well_formed() -> None:
    wrong = [f"{line.place}: {line.name}: {syntax_problem(line)}" for line in ALL]
    assert [text for text in wrong if not text.endswith(": ")] == []


def test_there_are_enough_hosts() -> None:
    assert len(LISTS) >= 12
    assert len({line.host for line in ALL}) >= 5000


def test_every_main_category_has_twenty_hosts() -> None:
    count = Counter(category for line in ALL for category in line.plus)
    assert {name: count[name] for name in MAIN.split() if count[name] < 20} == {}


def test_no_entry_stands_twice() -> None:
    count = Counter(line.name for line in ALL)
    assert [name for name, times in count.items() if times > 1] == []


def test_a_family_of_names_stays_in_one_list() -> None:
    # an exception only takes away what the same list gave
    def list_of(line: Line) -> str:
        return line.place.partition("/")[0]

    split = [
        f"{line.place}: {line.name} lies below {parent.name} of {parent.place}"
        for line in ALL
        for parent in above(line)
        if list_of(parent) != list_of(line)
    ]
    assert split == []


def test_no_entry_repeats_what_it_inherits() -> None:
    idle = [
        f"{line.place}: {line.name} has {sorted(line.plus & inherited(line))} already"
        for line in ALL
        if line.plus & inherited(line)
    ]
    assert idle == []


def test_every_exception_takes_something_away() -> None:
    idle = [
        f"{line.place}: {line.name} takes away {sorted(line.minus - inherited(line))}"
        for line in ALL
        if not line.minus <= inherited(line)
    ]
    assert idle == []


def test_every_category_exists() -> None:
    known = {path.stem for path in (RULES / "categories").glob("*.yaml")}
    used = {category for line in ALL for category in line.plus | line.minus}
    assert sorted(used - known) == []


def test_the_harmful_starter_stays_small_and_apart() -> None:
    harmful = {line.place.partition("/")[0] for line in ALL if line.plus & {"porn", "gambling"}}
    assert harmful == {"starter-harm"}
    assert len([line for line in ALL if line.place.startswith("starter-harm/")]) <= 60


@pytest.mark.parametrize("category", sorted(WELL_KNOWN))
def test_the_best_known_hosts_are_there(category: str) -> None:
    names = WELL_KNOWN[category].split()
    missing = [n for n in names if n not in BY_NAME or category not in BY_NAME[n].plus]
    assert missing == []


def categories_of(target: str) -> frozenset[str]:
    """What the lists say of `host[/path]`, by the plainest possible reading."""
    found: frozenset[str] = frozenset()
    for line in (BY_NAME[name] for name in reversed(covering(target)) if name in BY_NAME):
        found = (found - line.minus) | line.plus
    return found


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("www.baidu.com", {"search"}),
        ("tieba.baidu.com", {"forum"}),
        ("d.pcs.baidu.com", {"netdisk"}),
        ("y.qq.com", {"music"}),
        ("szextshort.weixin.qq.com", {"messaging"}),
        ("mp.weixin.qq.com", {"blog"}),
        ("mask.icloud.com", {"proxy", "vpn"}),
        ("www.bing.com/maps/x", {"maps"}),
        ("www.bing.com/mapsx", {"search"}),
        ("jw.beijing.gov.cn", {"government", "education"}),
        ("live.bilibili.com", {"live"}),
        ("dns.tuna.tsinghua.edu.cn", {"encrypted-dns"}),
        ("1.1.1.1", {"encrypted-dns"}),
        ("11.1.1.1", set()),
        ("notbaidu.com", set()),
        ("baidu.com.example.com", set()),
    ],
)
def test_what_a_host_is(target: str, wanted: set[str]) -> None:
    assert categories_of(target) == wanted


@pytest.mark.parametrize("folder", LISTS, ids=lambda folder: folder.name)
def test_sidecar(folder: Path) -> None:
    said = yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))
    assert said["id"] == folder.name
    assert said["format"] == "starter"
    assert said["files"] == ["hosts.txt"]
    for pair in (said["title"], said["limits"]):
        assert pair["zh"]
        assert pair["en"]
    for key in ("licence", "source", "note"):
        assert said[key]
    own = {line.name for line in entries(folder)}
    hit, miss = said["examples"]["hit"], said["examples"]["miss"]
    assert hit
    assert miss
    assert [target for target in hit if own.isdisjoint(covering(target))] == []
    assert [target for target in miss if not own.isdisjoint(covering(target))] == []
