"""PageMaker: verdict in, finished answer out, in the form the client wants.

Built once per worker from data; rendering is a pure function of its arguments
and costs tens of microseconds. Nothing the origin sent can come in: `make` takes
our own values and the host name, which is cleaned first (hostname.py).
Templates see only values that Jinja escapes; the style is one inline sheet that
the Content-Security-Policy admits by its hash, and there is no script at all.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from gateway.page.hostname import shown
from gateway.page.material import HERE, GapWords, KindWords, Material
from gateway.page.model import Page, PageKind, Want
from policies.model import Moment, Verdict
from rules.load import read_text
from rules.model import Basis, Category, Gap, Status, Text

MOST_BASES = 4  # legal bases shown; more would hide the first
LONGEST_DETAIL = 300  # characters

_LOCALE = {"zh": "zh-CN", "en": "en"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_NOT_CODE = re.compile(r"[^A-Za-z0-9._-]")

_MEDIA_TYPE = {
    Want.HTML: "text/html; charset=utf-8",
    Want.IMAGE: "image/svg+xml; charset=utf-8",
    Want.JSON: "application/json; charset=utf-8",
    Want.WEBSOCKET: "application/json; charset=utf-8",
    Want.SCRIPT: "text/javascript; charset=utf-8",
    Want.STYLE: "text/css; charset=utf-8",
    Want.OTHER: "text/plain; charset=utf-8",
    Want.MEDIA: "text/plain; charset=utf-8",
    Want.FONT: "text/plain; charset=utf-8",
}

_ERROR_WORD = {
    PageKind.BLOCK: "blocked",
    PageKind.WARN: "warning",
    PageKind.ERROR: "unreachable",
    PageKind.REFUSED: "refused",
    PageKind.MARKER: "marker",
    PageKind.PORTAL: "portal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """One answer's content before it takes a form. `text` explains, `title` heads."""

    kind: PageKind
    status: int
    words: KindWords
    title: Text
    lead: Text
    code: str
    host: str
    categories: tuple[Category | str, ...]
    ids: tuple[str, ...]
    verdict: Verdict
    stage: str
    continue_url: str
    moment: Moment
    detail: str
    gap: GapWords | None


class PageMaker:
    """Makes every answer that the gateway gives in place of an origin."""

    def __init__(
        self,
        material: Material,
        categories: Sequence[Category],
        *,
        page: str,
        style: str,
        picture: str,
        contact: str = "",
        appeal_url: str = "",
    ) -> None:
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        sheet = squeeze(style)
        self._material = material
        self._categories = {category.id: category for category in categories}
        self._page: Template = environment.from_string(page)
        self._picture: Template = environment.from_string(picture)
        self._style = Markup(sheet)  # noqa: S704 - our own file
        self._contact = contact
        self._appeal = _web_link(appeal_url)
        self._labels = {side: material.messages.labels.side(side) for side in _LOCALE}
        self._policy = _content_policy(sheet)

    @classmethod
    def load(
        cls, categories: Sequence[Category], *, contact: str = "", appeal_url: str = ""
    ) -> Self:
        """Read templates and texts from this folder. Raises DataError.

        `contact` is shown as text (a telephone number, an office); `appeal_url`
        is linked with `?code=…` where it is an http(s) address or a path.
        """
        return cls(
            Material.load(),
            categories,
            page=read_text(HERE / "page.html"),
            style=read_text(HERE / "page.css"),
            picture=read_text(HERE / "picture.html"),
            contact=contact,
            appeal_url=appeal_url,
        )

    def make(
        self,
        kind: PageKind,
        *,
        want: Want,
        language: str,
        host: str,
        verdict: Verdict,
        code: str,
        gap: Gap | None = None,
        stage: str = "",
        continue_url: str = "",
        moment: Moment,
        detail: str = "",
    ) -> Page:
        """The finished answer. Total for any text; only `verdict` and `moment` are trusted.

        `language` is "zh" or "en" (others read as zh); `stage` the 学段; `code`
        the event's code; `continue_url` for warnings, from `continue_link`;
        `detail` one line of our own about an error.
        """
        messages = self._material.messages
        words = messages.kinds[kind]
        found = None if gap is None else messages.gaps[gap]
        leads = found is not None and kind in (PageKind.ERROR, PageKind.REFUSED)
        young = stage in messages.young
        telling = _Telling(
            kind=kind,
            status=found.status if found and leads else words.status,
            words=words,
            title=found.title if found and leads else words.title,
            lead=words.young if young else found.text if found and leads else words.lead,
            code=_NOT_CODE.sub("", code)[:64],
            host=host,
            categories=tuple(self._categories.get(one, one) for one in verdict.deciding),
            ids=verdict.deciding,
            verdict=verdict,
            stage=stage,
            continue_url=_web_link(continue_url) if kind is PageKind.WARN else "",
            moment=moment,
            detail=_CONTROL.sub(" ", detail)[:LONGEST_DETAIL].strip(),
            gap=found if young or not leads else None,
        )
        side = language if language in _LOCALE else "zh"
        return Page(
            status=telling.status,
            headers=self._headers(want, telling, side),
            body=self._body(want, telling, side).encode("utf-8", "replace"),
        )

    def _headers(self, want: Want, telling: _Telling, side: str) -> tuple[tuple[str, str], ...]:
        headers = [
            ("Content-Type", _MEDIA_TYPE[want]),
            ("Content-Language", _LOCALE[side]),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", self._policy if want is Want.HTML else _NOTHING),
            ("X-Frame-Options", "DENY"),
        ]
        if telling.code:
            headers.append(("X-Qinglang-Code", telling.code))
        return tuple(headers)

    def _body(self, want: Want, telling: _Telling, side: str) -> str:
        match want:
            case Want.HTML:
                return self._html(telling, side)
            case Want.IMAGE:
                return self._svg(telling, side)
            case Want.JSON:
                return _dump(self._report(telling))
            case Want.WEBSOCKET:
                return _dump({"error": _ERROR_WORD[telling.kind], "code": telling.code})
            case Want.SCRIPT | Want.STYLE:
                return f"/* Qinglang 清朗: {_ERROR_WORD[telling.kind]} {telling.code} */\n"
            case Want.MEDIA | Want.FONT:
                return ""
            case Want.OTHER:
                return self._plain(telling, side)

    def _report(self, telling: _Telling) -> Mapping[str, Any]:
        reason = telling.verdict.reason.text
        return {
            "error": _ERROR_WORD[telling.kind],
            "code": telling.code,
            "category": telling.ids[0] if telling.ids else "",
            "categories": list(telling.ids),
            "title": {"zh": telling.title.zh, "en": telling.title.en},
            "reason": {"zh": reason.zh, "en": reason.en},
        }

    def _plain(self, telling: _Telling, side: str) -> str:
        lines = []
        for one in _sides(side):
            labels = self._labels[one]
            lines.append(f"{labels['product']} · {say(telling.words.badge, one)}")
            lines.append(f"{say(telling.title, one)}. {say(telling.verdict.reason.text, one)}")
            lines.append(f"{labels['code']}: {telling.code}\n")
        return "\n".join(lines)

    def _svg(self, telling: _Telling, side: str) -> str:
        other = _sides(side)[1]
        return self._picture.render(
            badge=say(telling.words.badge, side),
            other=say(telling.words.badge, other),
            category=_title(telling.categories[0], side) if telling.categories else "",
            code=telling.code,
            allowed=telling.status == 200,
        )

    def _html(self, telling: _Telling, side: str) -> str:
        tip = self._material.tip(telling.ids, telling.stage, telling.code)
        better = self._material.better(telling.ids, telling.code)
        messages = self._material.messages
        portal = telling.kind is PageKind.PORTAL
        crisis = messages.crisis if set(telling.ids) & set(messages.crisis.categories) else None
        return self._page.render(
            style=self._style,
            kind=telling.kind.value,
            young=telling.stage in messages.young,
            host=None if portal or not telling.host else shown(telling.host),
            code=telling.code,
            detail=telling.detail,
            contact=self._contact,
            appeal=self._appeal_link(telling),
            continue_url=telling.continue_url,
            profile="" if portal else telling.verdict.profile,
            clause="" if portal else telling.verdict.clause,
            lines=crisis.lines if crisis else (),
            sides=[
                {
                    "language": one,
                    "lang": _LOCALE[one],
                    "l": self._labels[one],
                    "badge": say(telling.words.badge, one),
                    "title": say(telling.title, one),
                    "lead": say(telling.lead, one),
                    "gap": say(telling.gap.text, one) if telling.gap else "",
                    "categories": [_title(category, one) for category in telling.categories],
                    "rule": "" if portal else say(telling.verdict.reason.title, one),
                    "reason": "" if portal else say(telling.verdict.reason.text, one),
                    "bases": [] if portal else self._bases(telling),
                    "when": self._when(telling.moment, one),
                    "advice": [say(text, one) for text in telling.words.advice],
                    "tip": say(tip.text, one) if tip else "",
                    "better": [(say(a.title, one), a.url, say(a.why, one)) for a in better],
                    "crisis": (say(crisis.title, one), say(crisis.text, one)) if crisis else None,
                }
                for one in _sides(side)
            ],
        )

    def _appeal_link(self, telling: _Telling) -> str:
        if not self._appeal or telling.kind not in (PageKind.BLOCK, PageKind.WARN):
            return ""
        joint = "&" if "?" in self._appeal else "?"
        return f"{self._appeal}{joint}code={quote(telling.code)}"

    def _bases(self, telling: _Telling) -> list[tuple[str, str, bool]]:
        """(source, clause, still to be verified), the clause's own first."""
        found: dict[tuple[str, str], Basis] = {}
        wider = [c.basis for c in telling.categories if isinstance(c, Category)]
        for bases in (telling.verdict.reason.basis, *wider):
            for basis in bases:
                found.setdefault((basis.source, basis.clause), basis)
        return [
            (basis.source, basis.clause, basis.status is not Status.CONFIRMED)
            for basis in list(found.values())[:MOST_BASES]
        ]

    def _when(self, moment: Moment, side: str) -> str:
        hour, minute = divmod(moment.minute, 60)
        weekday = say(self._material.messages.weekdays[moment.weekday], side)
        zone = self._labels[side]["zone"]
        return f"{moment.day} {weekday} {hour:02}:{minute:02} · {zone}"


_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def _content_policy(sheet: str) -> str:
    digest = b64encode(sha256(sheet.encode()).digest()).decode()
    return f"{_NOTHING}; style-src 'sha256-{digest}'"


def squeeze(style: str) -> str:
    """The style sheet without comments and needless white space."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", bare)).replace(";}", "}").strip()


def say(text: Text, side: str) -> str:
    """The text in one language; the other where this one is missing."""
    return (text.en or text.zh) if side == "en" else (text.zh or text.en)


def _sides(first: str) -> tuple[str, str]:
    return ("en", "zh") if first == "en" else ("zh", "en")


def _title(category: Category | str, side: str) -> str:
    return category if isinstance(category, str) else say(category.title, side)


def _web_link(url: str) -> str:
    """The link where it is http(s) or a path on the same host, else ""."""
    if _CONTROL.search(url) or "\\" in url or url.startswith("//"):
        return ""
    return url if url.startswith(("/", "http://", "https://")) else ""


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
