"""Write docs/reference.md from the tables in the code: every closed set, in both languages.

`python scripts/reference.py` rewrites the page; a test holds it to the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gateway.dns.ruling import Treatment  # noqa: E402
from gateway.node import ListenerKind  # noqa: E402
from gateway.page.model import PageKind, Want  # noqa: E402
from gateway.pipeline import Deed  # noqa: E402
from policies.calendar import DayKind  # noqa: E402
from policies.masking import TABLE  # noqa: E402
from policies.masks_model import Trouble  # noqa: E402
from policies.model import Action, Depth, Period, Role  # noqa: E402
from policies.policy import Within  # noqa: E402
from rules.load import load_folder  # noqa: E402
from rules.model import Category, Gap, Layer, Rank, Stage, Status  # noqa: E402
from rules.sources import Format, Scope  # noqa: E402

PAGE = ROOT / "docs" / "reference.md"

WORDS: dict[type[Enum], tuple[str, dict[str, tuple[str, str]]]] = {
    Stage: (
        "观察阶段 / Stages",
        {
            "dns": ("域名查询", "the name asked for"),
            "tls": ("ClientHello", "the name in the ClientHello, or the first foreign bytes"),
            "request": ("请求头", "the head of the request: nothing was contacted yet"),
            "response": ("响应", "the head and first window of the response"),
        },
    ),
    Layer: (
        "类别层 / Category layers",
        {
            "harmful": ("有害，永不放宽", "harmful: never loosened (条例 art. 22)"),
            "affect": ("可能影响身心健康，先提示", "may affect: warned first (条例 art. 23)"),
            "functional": ("功能类", "what a site or app is for"),
            "help": ("求助，优先于任何名单", "help: wins over every list"),
            "app": ("单个应用，见 apps.md", "one app: see apps.md"),
        },
    ),
    Status: (
        "依据的核实状态 / Status of a basis",
        {
            "confirmed": ("已核对原文", "read in the full text"),
            "secondary": ("二手来源，待核实", "from secondary sources"),
            "unverified": ("未核实", "not verified"),
        },
    ),
    Rank: (
        "依据的位阶 / Rank of a basis",
        {
            "law": ("法律", "law"),
            "regulation": ("行政法规", "regulation of the State Council"),
            "department-rule": ("部门规章与规范性文件", "rule or notice of a ministry"),
            "guidance": ("指南、标准：作为参照", "guidance, adopted here"),
            "district": ("区级规定", "the district's own"),
            "school": ("校级规定", "a school's own"),
        },
    ),
    Gap: (
        "看不到的部分 / Gaps",
        {
            "no-name": ("只有地址，没有域名", "only an address is known"),
            "encrypted-hello": ("加密的 ClientHello（ECH）", "ECH behind an outer name"),
            "not-http": ("不是 HTTP 或 TLS", "foreign bytes on a web port or in a tunnel"),
            "tlcp": ("国密 TLCP", "TLCP: cannot be decrypted here"),
            "client-cert": ("网站要求客户端证书", "the site asks for a client certificate"),
            "bad-cert": ("上游证书无法验证", "the upstream certificate does not verify"),
            "upstream": ("目的地不可达", "the destination cannot be reached"),
            "undecodable": ("内容无法解码", "the body cannot be decoded"),
            "bomb": ("压缩炸弹", "the body expands beyond the budget"),
            "malformed": ("请求不合协议", "the bytes break the protocol"),
            "too-large": ("请求头过大", "the head is larger than 64 KiB"),
            "too-slow": ("请求头过慢", "the head is slower than 10 s"),
            "forbidden-destination": ("禁止的目的地", "loopback, link-local, metadata, own ports"),
            "foreign-client": ("不服务的客户端", "a client this listener does not serve"),
            "name-conflict": ("声称的域名互相矛盾", "Host, SNI and CONNECT target differ"),
            "over-budget": ("网页太长，只看了前面", "a page longer than what may be read of one"),
        },
    ),
    Action: (
        "动作 / Actions",
        {
            "allow": ("放行", "let through"),
            "observe": ("放行并完整记录", "let through and record in full"),
            "rewrite": ("改写后放行（安全搜索）", "change the request (SafeSearch), let through"),
            "mask": ("脱敏后放行", "mask personal data; recorded as observe in this version"),
            "limit": ("限时限量", "within a quota of minutes or bytes; blocked when it is used up"),
            "warn": ("先显著提示", "a warning page first"),
            "block": ("拦截", "the block page, a refused handshake, or a blocked answer"),
        },
    ),
    Trouble: (
        "不能照此脱敏的原因（改为遮盖）/ Why a value was redacted instead",
        {
            "half-masked": ("已被部分遮盖", "somebody starred parts of it before"),
            "wrong-type": ("类型不对，或数字精度已丢失", "no text or number, or digits were lost"),
            "wrong-shape": ("不像这一类的值", "not a value of its kind"),
            "small-domain": ("取值不足一百万，可被穷举", "fewer than a million values"),
            "no-subject": ("没有可据以平移的人", "no subject to shift by"),
            "too-few": ("不同的值太少", "too few different values to shuffle"),
            "too-long": ("太长", "too long"),
        },
    ),
    DayKind: (
        "日期种类 / Kinds of days",
        {
            **{day: (f"星期{zh}", en) for day, zh, en in (
                ("mon", "一", "Monday"), ("tue", "二", "Tuesday"), ("wed", "三", "Wednesday"),
                ("thu", "四", "Thursday"), ("fri", "五", "Friday"), ("sat", "六", "Saturday"),
                ("sun", "日", "Sunday"),
            )},
            "holiday": ("法定节假日（含连休）", "statutory holiday, bridge days included"),
            "makeup": ("调休上班日", "a Saturday or Sunday made a working day"),
            "weekend": ("周末（不含调休）", "Saturday or Sunday, not made up, no holiday"),
            "free-day": ("放假日", "holiday, weekend or vacation"),
            "school-day": ("上学日", "working day outside known vacations"),
            "unknown-year": ("节假日未公布", "holidays not announced"),
            "term": ("学期内", "within a term"),
            "vacation": ("寒暑假", "between terms, or a vacation named"),
            "exam": ("考试日", "an exam day of the school"),
            "unknown-term": ("校历没有写到", "the school's year says nothing of this day"),
        },
    ),
    Period: (
        "限额周期 / Periods of a quota",
        {"day": ("每天零点重新计", "anew at midnight"),
         "week": ("每周一零点重新计", "anew at midnight before Monday")},
    ),
    Within: (
        "限额之内 / Within a quota",
        {"pass": ("放行", "the clause lets it through"),
         "next": ("由后面的条款决定", "the clauses below decide")},
    ),
    Depth: (
        "检查深度 / Depths",
        {
            "dns": ("仅域名解析", "names at DNS only"),
            "name": ("DNS 与 SNI，不解密", "DNS and the TLS name; never decrypted"),
            "content": ("解密并检查内容", "opened with the district's CA"),
        },
    ),
    Role: (
        "角色 / Roles",
        {
            "pupil": ("学生", "pupil"),
            "teacher": ("教师", "teacher"),
            "staff": ("职工", "staff"),
            "visitor": ("访客", "visitor"),
        },
    ),
    Deed: (
        "处置 / Deeds (Enforcement)",
        {
            "pass": ("放行", "let through; at the TLS stage spliced"),
            "open": ("解密后继续看", "decrypt and look further"),
            "rewrite": ("改写", "change the request, then let through"),
            "warn": ("提示页", "show the warning page"),
            "page": ("拦截页", "show the block page or a blocked answer"),
            "refuse": ("拒绝握手", "a TLS alert, or close"),
        },
    ),
    Treatment: ("DNS 处理 / DNS treatments", {
        "pass": ("解析", "resolve"),
        "page": ("应答拦截页地址", "answer with the page's address"),
        "rewrite": ("应答安全搜索域名", "answer with the SafeSearch name"),
    }),
    ListenerKind: (
        "监听类型 / Listeners",
        {
            "explicit": ("显式 HTTP 代理", "HTTP proxy: absolute-form and CONNECT"),
            "socks5": ("SOCKS5", "RFC 1928, no authentication"),
            "transparent": ("透明", "redirected by nftables, or by PROXY protocol"),
            "page-http": ("拦截页 80", "block page for names blocked at DNS, HTTP"),
            "page-https": ("拦截页 443", "the same over HTTPS"),
            "applications": ("应用脱敏", "HTTPS before applications, answers masked by role"),
        },
    ),
    PageKind: (
        "页面 / Pages",
        {
            "block": ("拦截", "policy says no"),
            "warn": ("提示后可继续", "a warning that can be continued"),
            "outflow-warn": ("个人信息发送前确认", "personal data is about to leave: read first"),
            "outflow-block": ("个人信息未发出", "personal data may not leave for this place"),
            "outflow-noted": ("已确认，可再发送", "somebody confirmed; the next try passes"),
            "notice": ("限额将尽，只提示一次", "a quota comes to its end: told once"),
            "error": ("目的地有问题", "the destination or the way to it is broken"),
            "marker": ("测试页", "the test page of a category that policy lets pass"),
            "refused": ("请求不被受理", "the request itself cannot be accepted"),
            "masked": ("无法脱敏", "an application's answer cannot be masked"),
            "login": ("请先登录", "the proxy wants a user name and a password (407)"),
            "portal": ("门户", "the gateway's own page"),
            "received": ("申诉已收到", "an appeal has arrived"),
            "unreceived": ("申诉未收到", "an appeal has not: too many, too old, or broken"),
        },
    ),
    Want: (
        "页面形式 / Forms of an answer",
        {
            "html": ("网页", "a page"), "image": ("图片", "a small picture"),
            "json": ("JSON", "a JSON object"), "script": ("脚本", "a comment"),
            "style": ("样式", "a comment"), "media": ("媒体", "empty"),
            "font": ("字体", "empty"), "websocket": ("WebSocket", "a short JSON object"),
            "other": ("其他", "plain text"),
        },
    ),
    Format: (
        "名单格式 / List formats",
        {
            "starter": ("本项目格式", "`host[/path] category… -category…`, `=` exact"),
            "hosts": ("hosts 文件", "hosts files"),
            "plain": ("每行一个域名", "one name a line"),
            "adblock": ("Adblock 域名语法", "`||x^`, `@@||x^`"),
            "v2fly": ("v2fly domain-list", "with `include:` and attributes"),
            "rpz": ("RPZ 区文件", "response policy zones"),
            "csv": ("CSV/TSV", "host and categories in columns"),
            "ut1": ("UT1 目录", "the native UT1 layout, folder or archive"),
        },
    ),
    Scope: (
        "名单范围 / Scope of a list",
        {
            "suffix": ("域名及其子域", "a name covers its sub-domains"),
            "exact": ("仅该主机", "the exact host only"),
        },
    ),
}  # fmt: skip


def table(rows: Iterable[tuple[str, str, str]]) -> str:
    lines = ["| id | 中文 | English |", "|---|---|---|"]
    lines += [f"| `{name}` | {zh} | {en} |" for name, zh, en in rows]
    return "\n".join(lines)


def page() -> str:
    """The whole page. Raises KeyError where a member of a set has no words yet."""
    parts = [
        "# 参考 / Reference\n\n"
        "<!-- made by scripts/reference.py from the code; a test holds it to the code -->\n\n"
        "每个封闭集合及其含义。 Every closed set and what its members mean. "
        "Categories: [taxonomy](taxonomy.md); metrics: [events](events.md)."
    ]
    for kind, (title, words) in WORDS.items():
        rows = [(member.value, *words[member.value]) for member in kind]
        parts.append(f"## {title}\n\n{table(rows)}")
    marks = {"reversible": "可还原", "joins": "可关联", "direct": "可用于直接标识符"}
    rows = [
        (name.value, "；".join([row.title.zh, *(zh for mark, zh in marks.items()
                               if getattr(row, mark))]), f"{row.title.en} {row.parameters}".strip())
        for name, row in TABLE.items()
    ]  # fmt: skip
    parts.append(f"## 脱敏算法 / Masks\n\n{table(rows)}")
    found = load_folder(Category, ROOT / "rules" / "categories")
    layers = [layer for layer in Layer if layer is not Layer.APP]
    counts = [(layer, sum(c.layer is layer for c in found.values())) for layer in layers]
    said = " · ".join(f"{layer.value} {count}" for layer, count in counts)
    parts.append(f"## 类别数量 / Categories\n\n{len(found)}: {said}")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
