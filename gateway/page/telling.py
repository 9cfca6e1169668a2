"""What one answer says, before it takes a form: words chosen, links checked, nothing escaped.

Pure. Everything that reaches a form passes here, so this is where foreign text
is cut down: the host to a name, the code to its alphabet, a link to http(s) or a
path, a detail to one line without control characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from gateway.page.hostname import ShownHost, shown
from gateway.page.material import (
    Alternative,
    Crisis,
    GapWords,
    KindWords,
    Material,
    Messages,
    say,
)
from gateway.page.model import PageKind
from policies.model import Action, Moment, Verdict
from rules.model import Basis, Category, Gap, Status, Text

MOST_BASES = 3  # legal bases shown; more would hide the first
LONGEST_DETAIL = 300  # characters

_LEAVING = frozenset({PageKind.OUTFLOW_WARN, PageKind.OUTFLOW_BLOCK})
_REVIEWABLE = frozenset({PageKind.BLOCK, PageKind.WARN, PageKind.OUTFLOW_BLOCK})
_PROCEEDING = frozenset({PageKind.WARN, PageKind.NOTICE})
# the verdict's own doing
_JUDGED = _LEAVING | {PageKind.BLOCK, PageKind.WARN, PageKind.MARKER, PageKind.MASKED}
_TEACHING = frozenset({PageKind.BLOCK, PageKind.WARN, PageKind.PORTAL})  # tip and alternatives

_NOTHING = Text(zh="", en="")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_NOT_CODE = re.compile(r"[^A-Za-z0-9._-]")
_STATUTE = re.compile(r"([\u4e00-\u9fff][^《》（(]*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBasis:
    """A legal basis ready to read; `unsure` when it has not been confirmed."""

    source: str
    clause: str
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One line of what a message holds: a name for programs, words for people, never a value."""

    name: str
    count: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One answer's content. Texts are plain; every form escapes for itself."""

    kind: PageKind
    status: int
    badge: Text
    title: Text
    lead: Text
    more: Text  # a second sentence about the gap, often empty
    code: str
    host: ShownHost | None
    ids: tuple[str, ...]
    categories: tuple[Text, ...]
    reason: Text
    rule: Text
    bases: tuple[ShownBasis, ...]
    profile: str
    clause: str
    moment: Moment
    detail: str
    advice: tuple[Text, ...]
    proceed: str
    appeal: str
    seal: str
    contact: str
    young: bool
    crisis: Crisis | None
    tip: Text
    better: tuple[Alternative, ...]
    found: tuple[Found, ...] = ()
    confirm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The arguments of one answer, as the engine gave them."""

    kind: PageKind
    host: str
    verdict: Verdict
    code: str
    moment: Moment
    gap: Gap | None = None
    stage: str = ""
    continue_url: str = ""
    detail: str = ""
    back: str = ""
    left: int = 0
    seal: str = ""
    found: tuple[Found, ...] = ()
    confirm: str = ""


def tell(
    asked: Asked,
    material: Material,
    categories: Mapping[str, Category],
    *,
    contact: str = "",
    appeal: str = "",
) -> Telling:
    """Choose the words. `appeal` has passed `web_link`. Total for any text in `asked`."""
    messages, verdict, kind = material.messages, asked.verdict, asked.kind
    words = messages.kinds[kind]
    gap = None if asked.gap is None else messages.gaps[asked.gap]
    leading = gap if kind in (PageKind.ERROR, PageKind.REFUSED) else None
    young = asked.stage in messages.young
    code = _NOT_CODE.sub("", asked.code)[:64]
    wider = _wider(verdict.deciding, categories)
    judged = kind in _JUDGED or (leading is not None and verdict.enforced is Action.BLOCK)
    teaching = kind in _TEACHING
    tip = material.tip(wider, asked.stage, code) if teaching else None
    crisis = messages.crisis if _touches(messages.crisis, verdict) else None
    reviewable = bool(appeal) and kind in _REVIEWABLE
    return Telling(
        kind=kind,
        status=leading.status if leading else words.status,
        badge=words.badge,
        title=leading.title if leading else words.title,
        lead=_lead(words, leading, crisis, young),
        more=_quota(asked, messages) or (gap.text if gap and (young or not leading) else _NOTHING),
        code=code,
        host=shown(asked.host) if asked.host and kind is not PageKind.PORTAL else None,
        ids=verdict.deciding,
        categories=tuple(_title(categories, one) for one in verdict.deciding),
        reason=verdict.reason.text if judged else _NOTHING,
        rule=verdict.reason.title if judged else _NOTHING,
        bases=_bases(verdict, categories) if judged and kind is not PageKind.MARKER else (),
        profile=verdict.profile if judged else "",
        clause=verdict.clause,
        moment=asked.moment,
        detail=_CONTROL.sub(" ", asked.detail)[:LONGEST_DETAIL].strip(),
        advice=() if crisis else words.advice,
        proceed=web_link(asked.continue_url) if kind in _PROCEEDING else "",
        appeal=_with_code(appeal, code) if reviewable else "",
        seal=asked.seal if kind in _REVIEWABLE and code and not (appeal or young) else "",
        contact=contact,
        young=young,
        crisis=crisis,
        tip=tip.text if tip else _NOTHING,
        better=tuple(material.better(wider, code)) if teaching else (),
        found=asked.found if kind in _LEAVING else (),
        confirm=asked.confirm if kind is PageKind.OUTFLOW_WARN and code else "",
    )


def _quota(asked: Asked, messages: Messages) -> Text | None:
    """When a quota begins anew, or how much of it is left."""
    if asked.back:
        text, words = messages.quota.back, {"when": asked.back}
    elif asked.kind is PageKind.NOTICE:
        text, words = messages.quota.left, {"minutes": str(asked.left)}
    else:
        return None
    return Text(zh=text.zh.format(**words), en=text.en.format(**words))


def _touches(crisis: Crisis, verdict: Verdict) -> bool:
    return not set(crisis.categories).isdisjoint(verdict.deciding)


def _lead(words: KindWords, leading: GapWords | None, crisis: Crisis | None, young: bool) -> Text:
    """The one sentence that everybody reads, the most caring that fits."""
    if crisis:
        return crisis.lead
    if young:
        return words.young
    return leading.text if leading else words.lead


def web_link(url: str) -> str:
    """The link where it is http(s) or a path on the same host, else ""."""
    if _CONTROL.search(url) or "\\" in url or url.startswith("//"):
        return ""
    return url if url.startswith(("/", "http://", "https://")) else ""


def when(moment: Moment, weekday: Text, zone: str, language: str) -> str:
    """`2026-11-23 周一 14:35 · 北京时间`."""
    hour, minute = divmod(moment.minute, 60)
    return f"{moment.day} {say(weekday, language)} {hour:02}:{minute:02} · {zone}"


def _wider(deciding: tuple[str, ...], categories: Mapping[str, Category]) -> tuple[str, ...]:
    """The deciding categories and, after them, those of the apps among them."""
    of = [name for one in deciding if one in categories for name in categories[one].of]
    return tuple(dict.fromkeys((*deciding, *of)))


def _title(categories: Mapping[str, Category], one: str) -> Text:
    found = categories.get(one)
    return found.title if found else Text(zh=one, en=one)


def _with_code(appeal: str, code: str) -> str:
    return f"{appeal}{'&' if '?' in appeal else '?'}code={quote(code)}"


def _bases(verdict: Verdict, categories: Mapping[str, Category]) -> tuple[ShownBasis, ...]:
    """The deciding clause's own bases first, then those of its categories, each once."""
    found: dict[tuple[str, str], Basis] = {}
    wider = [categories[one].basis for one in verdict.deciding if one in categories]
    for bases in (verdict.reason.basis, *wider):
        for basis in bases:
            found.setdefault((basis.source.strip("《》"), basis.clause), basis)
    return tuple(
        ShownBasis(
            source=_bracketed(basis.source),
            clause=basis.clause,
            unsure=basis.status is not Status.CONFIRMED,
        )
        for basis in list(found.values())[:MOST_BASES]
    )


def _bracketed(source: str) -> str:
    """A Chinese title in its book-title marks; `（…年修正）` stays outside them."""
    match = _STATUTE.fullmatch(source)
    return f"《{match[1].strip()}》{match[2]}" if match and "《" not in source else source
