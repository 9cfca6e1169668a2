"""What a page says: the right words for the verdict, and no foreign text unshortened."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.page.hostname import ShownHost
from gateway.page.material import Material
from gateway.page.model import PageKind
from gateway.page.telling import Asked, Telling, tell, web_link, when
from policies.model import Action, Depth, Moment, Reason, Verdict
from rules.model import Basis, Category, Gap, Layer, Status, Text

MATERIAL = Material.load()
MESSAGES = MATERIAL.messages
MOMENT = Moment(timestamp=0.0, day="2026-11-23", weekday=0, minute=875)
LAW = Basis(source="未成年人网络保护条例", clause="第二十二条第一款", status=Status.CONFIRMED)


def category(name: str, *bases: Basis) -> Category:
    return Category(
        id=name,
        title=Text(zh=f"类{name}", en=f"Class {name}"),
        layer=Layer.HARMFUL,
        harm=Text(zh="害", en="harm"),
        basis=bases,
    )


CATEGORIES = {one.id: one for one in (category("gambling", LAW), category("self-harm"))}


def verdict(*deciding: str, basis: tuple[Basis, ...] = ()) -> Verdict:
    return Verdict(
        action=Action.BLOCK,
        enforced=Action.BLOCK,
        clause="district/harmful",
        reason=Reason(
            clause="district/harmful",
            title=Text(zh="规则", en="Rule"),
            text=Text(zh="原因", en="Because"),
            basis=basis,
        ),
        trace="t",
        snapshot="s",
        profile="junior",
        depth=Depth.CONTENT,
        inspect=True,
        settled=True,
        mask=0,
        deciding=deciding,
    )


def told(kind: PageKind, *deciding: str, appeal: str = "", **more: object) -> Telling:
    given_ = {"host": "x.example", "code": "QL-1", "moment": MOMENT, **more}
    asked = Asked(kind=kind, verdict=given_.pop("verdict", verdict(*deciding)), **given_)  # type: ignore[arg-type]
    return tell(asked, MATERIAL, CATEGORIES, appeal=appeal, contact="信息中心")


def test_a_block_tells_what_why_and_what_next() -> None:
    page = told(PageKind.BLOCK, "gambling", stage="junior")
    assert page.status == 403
    assert page.categories == (Text(zh="类gambling", en="Class gambling"),)
    assert page.reason.zh == "原因"
    assert page.bases[0].source == "《未成年人网络保护条例》"
    assert page.lead == MESSAGES.kinds[PageKind.BLOCK].lead
    assert page.advice
    assert page.tip.zh
    assert page.better
    assert page.contact == "信息中心"
    assert page.crisis is None


def test_help_comes_first_where_self_harm_is_blocked() -> None:
    assert told(PageKind.BLOCK, "self-harm").crisis == MESSAGES.crisis
    page = told(PageKind.BLOCK, "gambling", "self-harm", stage="kindergarten")
    assert page.crisis == MESSAGES.crisis
    assert page.lead == MESSAGES.crisis.lead
    assert page.advice == ()


@pytest.mark.parametrize("stage", MESSAGES.young)
def test_small_children_read_simple_words(stage: str) -> None:
    page = told(PageKind.BLOCK, "gambling", stage=stage)
    assert page.young
    assert page.lead == MESSAGES.kinds[PageKind.BLOCK].young


def test_an_unknown_category_is_shown_by_its_id() -> None:
    page = told(PageKind.BLOCK, "brand-new")
    assert page.categories == (Text(zh="brand-new", en="brand-new"),)
    assert page.ids == ("brand-new",)


@pytest.mark.parametrize("kind", [PageKind.ERROR, PageKind.REFUSED])
@pytest.mark.parametrize("gap", Gap)
def test_a_gap_heads_errors_and_refusals(kind: PageKind, gap: Gap) -> None:
    page = told(kind, gap=gap)
    words = MESSAGES.gaps[gap]
    assert (page.status, page.title, page.lead) == (words.status, words.title, words.text)
    assert page.more == Text(zh="", en="")
    young = told(kind, gap=gap, stage="kindergarten")
    assert (young.lead, young.more) == (MESSAGES.kinds[kind].young, words.text)


def test_a_gap_explains_a_block_in_a_second_sentence() -> None:
    page = told(PageKind.BLOCK, gap=Gap.UNDECODABLE)
    assert page.status == 403
    assert page.title == MESSAGES.kinds[PageKind.BLOCK].title
    assert page.more == MESSAGES.gaps[Gap.UNDECODABLE].text


def test_only_a_warning_and_a_notice_have_a_way_on() -> None:
    link = "/.well-known/qinglang/continue?t=a&to=/"
    assert told(PageKind.WARN, continue_url=link).proceed == link
    for kind in set(PageKind) - {PageKind.WARN, PageKind.NOTICE}:
        assert told(kind, continue_url=link).proceed == ""


def test_a_quota_says_what_is_left_and_when_it_begins_anew() -> None:
    notice = told(PageKind.NOTICE, left=12)
    assert notice.more == Text(zh="还剩 12 分钟。", en="12 minutes are left.")
    block = told(PageKind.BLOCK, back="2026-09-02 00:00", gap=Gap.UNDECODABLE)
    assert block.more.zh == "2026-09-02 00:00 起可以再用。"
    assert told(PageKind.BLOCK).more == Text(zh="", en="")


def test_only_blocks_and_warnings_can_be_appealed() -> None:
    for kind in PageKind:
        page = told(kind, appeal="https://a.example/new")
        reviewable = kind in (PageKind.BLOCK, PageKind.WARN, PageKind.OUTFLOW_BLOCK)
        assert page.appeal == ("https://a.example/new?code=QL-1" if reviewable else "")
    assert told(PageKind.BLOCK, appeal="/a?x=1").appeal == "/a?x=1&code=QL-1"
    assert told(PageKind.BLOCK).appeal == ""


def test_the_portal_speaks_of_no_verdict() -> None:
    page = told(PageKind.PORTAL, "gambling")
    assert page.host is None
    assert page.bases == ()
    assert (page.reason.zh, page.rule.zh, page.profile) == ("", "", "")


@pytest.mark.parametrize("kind", [PageKind.ERROR, PageKind.REFUSED])
def test_a_failure_blames_the_policy_only_where_the_policy_blocked(kind: PageKind) -> None:
    blocked = told(kind, gap=Gap.BAD_CERT)
    assert (blocked.rule.zh, blocked.profile) == ("规则", "junior")
    allowed = told(kind, gap=Gap.UPSTREAM, verdict=replace(verdict(), enforced=Action.ALLOW))
    assert (allowed.rule.zh, allowed.reason.zh, allowed.profile, allowed.bases) == ("", "", "", ())


def test_a_marker_names_the_rule_but_no_law() -> None:
    page = told(PageKind.MARKER, "gambling")
    assert page.rule.zh == "规则"
    assert page.bases == ()


@pytest.mark.parametrize("kind", PageKind)
def test_tips_stand_where_somebody_was_stopped_or_welcomed(kind: PageKind) -> None:
    page = told(kind, "gambling", stage="junior")
    teaches = kind in (PageKind.BLOCK, PageKind.WARN, PageKind.PORTAL)
    assert bool(page.tip.zh) is teaches
    assert bool(page.better) is teaches


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("未成年人网络保护条例", "《未成年人网络保护条例》"),
        ("《未成年人网络保护条例》", "《未成年人网络保护条例》"),
        ("未成年人保护法（2024年修正）", "《未成年人保护法》（2024年修正）"),
        ("GB/T 22239-2019", "GB/T 22239-2019"),
        ("依据《网络安全法》", "依据《网络安全法》"),
        ("", ""),
    ],
)
def test_statutes_in_their_marks(source: str, shown: str) -> None:
    page = told(PageKind.BLOCK, verdict=verdict(basis=(Basis(source=source),)))
    assert [basis.source for basis in page.bases] == [shown]


def test_bases_come_once_the_clauses_own_first_and_few() -> None:
    own = Basis(source="《未成年人网络保护条例》", clause="第二十二条第一款")
    more = tuple(Basis(source="法", clause=f"第{n}条") for n in range(5))
    page = told(PageKind.BLOCK, verdict=verdict("gambling", basis=(own, *more)))
    assert len(page.bases) == 3
    assert (page.bases[0].clause, page.bases[0].unsure) == ("第二十二条第一款", True)
    again = told(PageKind.BLOCK, verdict=verdict("gambling", basis=(own,)))
    assert len(again.bases) == 1


@pytest.mark.parametrize(
    ("status", "unsure"),
    [(Status.CONFIRMED, False), (Status.SECONDARY, True), (Status.UNVERIFIED, True)],
)
def test_what_is_not_confirmed_is_marked(status: Status, unsure: bool) -> None:
    page = told(PageKind.BLOCK, verdict=verdict(basis=(Basis(source="法", status=status),)))
    assert page.bases[0].unsure is unsure


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("http://a.example/x", "http://a.example/x"),
        ("/x", "/x"),
        ("//a.example", ""),
        ("/\\a.example", ""),
        ("javascript:alert(1)", ""),
        ("JAVASCRIPT:alert(1)", ""),
        ("data:text/html,x", ""),
        ("/\t/a.example", ""),
        ("https://a\r\n.example", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_links(url: str, link: str) -> None:
    assert web_link(url) == link


def test_when() -> None:
    assert when(MOMENT, Text(zh="周一", en="Mon"), "北京时间", "zh") == (
        "2026-11-23 周一 14:35 · 北京时间"
    )


def test_foreign_text_is_cut_down() -> None:
    page = told(
        PageKind.ERROR,
        host="a\r\nb<script>",
        code="<b>QL</b>\r\n" + "9" * 100,
        detail="line\r\n\x1b[31mtwo\u202e" + "x" * 1000,
    )
    assert page.host == ShownHost(name="a??b?script?")
    assert page.code == "bQLb" + "9" * 60
    assert page.detail.startswith("line [31mtwo x")
    assert len(page.detail) <= 300


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(PageKind),
    host=st.text(max_size=80),
    code=st.text(max_size=80),
    stage=st.text(max_size=20),
    detail=st.text(max_size=400),
    continue_url=st.text(max_size=80),
    gap=st.none() | st.sampled_from(Gap),
)
def test_fuzz_telling_is_total(kind: PageKind, **more: object) -> None:
    page = told(kind, "gambling", **more)
    assert not set(page.detail) & set("\r\n\x00\x1b\u202e\u2066")
    assert all(char.isascii() and (char.isalnum() or char in "._-") for char in page.code)
    assert page.proceed.startswith(("/", "http")) or page.proceed == ""
