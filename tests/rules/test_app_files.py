"""Apps as a population: every file loads, is of our categories, and its examples hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.app_files import App, Print, app_categories, apps_document, load_apps, open_apps
from rules.base import RuleBase
from rules.compile import build
from rules.load import DataError, WorldError
from rules.model import CLIENT, Facts, Layer, Stage, Status, Text
from rules.recognise.apps import AppBook
from rules.sources import load_categories

APPS = load_apps()
CATEGORIES = load_categories()


def _words(text: str) -> list[str]:
    return text.split()


EVERY = pytest.mark.parametrize("app", APPS.values(), ids=APPS)
WANTED = _words(
    """
honor-of-kings genshin eggy-party minecraft-cn mini-world peace-elite lol-mobile identity-v sky
star-rail roblox steam epic game-4399 game-7k7k taptap fortnite brawl-stars douyu huya yy inke
douyin kuaishou weishi xigua tiktok tencent-video iqiyi youku bilibili mango youtube netflix
wechat qq qzone weibo xiaohongshu tieba zhihu douban instagram twitter facebook snapchat discord
telegram whatsapp momo tantan soul yidui jimu xingye maoxiang glow character-ai replika zhumengdao
uu xunyou qiyou leigod clash v2ray psiphon lantern tor nordvpn expressvpn surfshark proton-vpn
warp ultrasurf qidian fanqie kuaikan bili-manga jjwxc taobao jd pinduoduo xianyu zuoyebang
xiaoyuan-souti xuexi smartedu dingtalk tencent-meeting seewo
    """
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("apps")
    build(data)
    return data / "rulebase"


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[RuleBase]:
    opened = RuleBase.open(folder)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def book(folder: Path) -> AppBook:
    return open_apps(folder)


def test_there_are_enough_and_those_that_were_asked_for() -> None:
    assert len(APPS) >= 120
    assert [name for name in WANTED if name not in APPS] == []


def known(app: App, text: str, base: RuleBase, book: AppBook) -> bool:
    """Whether an example is taken for the app."""
    kind, colon, said = text.partition(":")
    if kind in ("agent", "alpn", "ja4") and colon:
        seen = {
            "agent": lambda: book.request(said),
            "alpn": lambda: book.tls([said]),
            "ja4": lambda: book.tls([], said),
        }[kind]()
        return any(one.category == CLIENT + app.id for one in seen)
    host, _, path = text.partition("/")
    return f"app:{app.id}" in base.ids(base.url(host, f"/{path}").mask)


@EVERY
def test_its_examples_hold(app: App, base: RuleBase, book: AppBook) -> None:
    assert app.examples.hit
    assert app.examples.miss
    assert [text for text in app.examples.hit if not known(app, text, base, book)] == []
    assert [text for text in app.examples.miss if known(app, text, base, book)] == []


@EVERY
def test_each_of_its_names_has_its_categories_and_serves_nobody_else(
    app: App, base: RuleBase
) -> None:
    shared = {"cdn", "cloud", "system", "updates", "trackers", "ads", "dynamic-dns"}
    for name in app.hosts:
        found = set(base.ids(base.host(name.removeprefix("=")).mask))
        assert {f"app:{app.id}", *app.categories} <= found, name
        own = {one.category for one in base.explain(name) if one.matched == name}
        assert not own & (shared - set(app.categories)), f"{name}: {own & shared}"


@EVERY
def test_it_says_where_it_comes_from(app: App) -> None:
    assert app.title.zh
    assert app.title.en
    assert app.basis
    assert all(one.source for one in app.ja4)
    assert not any(CATEGORIES[name].layer is Layer.HELP for name in app.categories)


def test_what_is_for_learning_is_known_by_its_names_alone() -> None:
    """A program's word for itself must not look like a lesson."""
    learning = {"education", "school-apps", "library", "reference", "kids", "government"}
    loose = [a.id for a in APPS.values() if a.client and learning & set(a.categories)]
    assert set(loose) <= {"weread"}


def test_categories_of_apps_and_of_programs() -> None:
    made = app_categories(APPS.values())
    douyin, program = made["app:douyin"], made["client:douyin"]
    assert (douyin.layer, douyin.of) == (Layer.APP, ("short-video", "live"))
    assert douyin.marker == "douyin.app.test.qinglang.invalid"
    assert program.of == ("app:douyin", "short-video", "live")
    assert made["client:wechat"].of == ("app:wechat",)  # anybody's page may be open in it
    assert "client:eggy-party" not in made
    assert made.items() <= CATEGORIES.items()


def test_the_marker_of_an_app_answers_everywhere(base: RuleBase) -> None:
    assert base.ids(base.host("douyin.app.test.qinglang.invalid").mask) == ("app:douyin",)


def test_a_build_without_our_lists_has_no_names_of_apps(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    build(tmp_path, shipped=tmp_path / "none")
    with_none = RuleBase.open(tmp_path / "rulebase")
    assert "app:douyin" in with_none.index
    assert with_none.host("www.douyin.com").mask == with_none.unknown
    assert open_apps(tmp_path / "rulebase").request("Aweme 1") == ()
    with_none.close()


def write(folder: Path, name: str, text: str) -> Path:
    home = folder / "apps"
    home.mkdir(exist_ok=True)
    (home / f"{name}.yaml").write_text(f"id: {name}\n{text}", encoding="utf-8")
    return folder


HEAD = "title: {zh: a, en: a}\ncategories: [games]\n"


def test_a_district_replaces_and_adds(tmp_path: Path) -> None:
    write(tmp_path, "douyin", HEAD + "hosts: [our.example.org]\n")
    write(tmp_path, "ours", HEAD + "hosts: [=x.example.org]\nurls: [example.net/app]\n")
    build(tmp_path / "var", [tmp_path])
    base = RuleBase.open(tmp_path / "var" / "rulebase")
    assert "app:douyin" in base.ids(base.host("our.example.org").mask)
    assert "app:douyin" not in base.ids(base.host("www.douyin.com").mask)
    assert "app:ours" in base.ids(base.host("x.example.org").mask)
    assert "app:ours" not in base.ids(base.host("www.x.example.org").mask)
    assert "app:ours" in base.ids(base.url("example.net", "/app/1").mask)
    assert "app:ours" not in base.ids(base.url("example.net", "/apple").mask)
    base.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "needs hosts"),
        ("title: {zh: a, en: a}\ncategories: []\nhosts: [a.org]\n", "at least one category"),
        (HEAD + "hosts: [A.org]\n", "not a host"),
        (HEAD + "hosts: [localhost]\n", "not a host"),
        (HEAD + "urls: [a.org]\n", "not host/path"),
        (HEAD + "agents: [abc]\n", "no mark"),
        (HEAD + "hosts: [a.org]\nja4: [{ja4: abc, source: x}]\n", "not a JA4"),
        (HEAD + "hosts: [a.org]\nexamples: {hit: ['a b'], miss: []}\n", "a space"),
        ("title: {zh: a, en: a}\ncategories: [gamez]\nhosts: [a.org]\n", "no category `gamez`"),
        (HEAD + "hosts: [douyin.com]\n", "already a name of `douyin`"),
        (HEAD + "hosts: [a.org]\ncolour: red\n", "colour"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, "ours", text)
    with pytest.raises(DataError) as caught:
        load_categories([tmp_path])
    assert said in str(caught.value)
    assert "ours.yaml" in str(caught.value)


def test_an_id_is_an_id() -> None:
    with pytest.raises(ValueError, match="not an id"):
        App(id="A b", title=Text(zh="a", en="a"), categories=("games",), hosts=("a.org",))
    assert Print(ja4="t13d880900_fcb5b95cb75a_b0d3b4ac2a14", source="x").status is Status.UNVERIFIED


def test_the_document_is_stable_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    assert apps_document(APPS.values()) == apps_document(reversed(list(APPS.values())))
    for text in ("", "{}", '{"format": 99, "apps": []}', '{"format": 1, "apps": [1]}'):
        (tmp_path / "apps.json").write_text(text, encoding="utf-8")
        with pytest.raises(WorldError):
            open_apps(tmp_path)


def test_facts_of_a_program_alone_leave_the_site_unknown(base: RuleBase, book: AppBook) -> None:
    from rules.classify import classify

    seen = book.request("Mozilla MicroMessenger/8")
    facts = Facts(stage=Stage.REQUEST, host="nobody.example", path="/", seen=seen)
    assert base.ids(classify(facts, base).mask) == ("client:wechat", "uncategorised")
