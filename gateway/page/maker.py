"""PageMaker: verdict in, finished answer out, in the form the client wants.

Built once per worker from data; making an answer is a pure function of its
arguments. Nothing the origin sent can come in: `make` takes our own values and
the host name, which is cut down in telling.py. There is no script in the page,
and the Content-Security-Policy admits its one style sheet by hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Self

from gateway.page import forms
from gateway.page.material import HERE, Material
from gateway.page.model import Page, PageKind, Want
from gateway.page.telling import Asked, Found, Telling, tell, web_link
from policies.model import Moment, Verdict
from rules.load import read_text
from rules.model import Category, Gap

_NO_FORM, _OWN_FORM = "form-action 'none'", "form-action 'self'"
_CLOSED = f"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; {_NO_FORM}"


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
        sheet = forms.squeeze(style)
        digest = b64encode(sha256(sheet.encode()).digest()).decode()
        self._material = material
        self._categories = {category.id: category for category in categories}
        self._pages = forms.compile_page(page, sheet, material.messages)
        self._picture = forms.compile_template(picture)
        self._policy = f"{_CLOSED}; style-src 'sha256-{digest}'"
        self._contact = contact
        self._appeal = web_link(appeal_url)

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
        back: str = "",
        left: int = 0,
        seal: str = "",
        found: tuple[Found, ...] = (),
        confirm: str = "",
    ) -> Page:
        """The finished answer. Total for any text; only `verdict` and `moment` are trusted.

        `language` is "zh" or "en" (others read as zh); `stage` the 学段; `code`
        the event's code; `continue_url` for warnings, from `continue_link`;
        `gap` what could not be observed (it heads an ERROR or REFUSED page and
        gives its status); `detail` one line of our own about an error;
        `back` when a quota that is used up begins anew; `left` the minutes of one
        that a NOTICE tells of; `seal` from `appeal.seal` for the form that asks for
        a review (none: no form); `found` what a message on its way out holds, and `confirm`
        from `confirm.seal` for the form that lets it go.
        """
        asked = Asked(
            kind=kind,
            host=host,
            verdict=verdict,
            code=code,
            moment=moment,
            gap=gap,
            stage=stage,
            continue_url=continue_url,
            detail=detail,
            back=back,
            left=left,
            seal=seal,
            found=found,
            confirm=confirm,
        )
        telling = tell(
            asked, self._material, self._categories, contact=self._contact, appeal=self._appeal
        )
        side = language if language in forms.LOCALE else "zh"
        return Page(
            status=telling.status,
            headers=self._headers(want, telling, side),
            body=self._body(want, telling, side).encode("utf-8", "replace"),
        )

    def _headers(self, want: Want, telling: Telling, side: str) -> tuple[tuple[str, str], ...]:
        headers = (
            ("Content-Type", forms.MEDIA_TYPE[want]),
            ("Content-Language", forms.LOCALE[side]),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", self._content_policy(want, telling)),
            ("X-Frame-Options", "DENY"),
        )
        return (*headers, ("X-Qinglang-Code", telling.code)) if telling.code else headers

    def _content_policy(self, want: Want, telling: Telling) -> str:
        if want is not Want.HTML:
            return _CLOSED
        return (
            self._policy.replace(_NO_FORM, _OWN_FORM)
            if telling.seal or telling.confirm
            else self._policy
        )

    def _body(self, want: Want, telling: Telling, side: str) -> str:
        messages = self._material.messages
        match want:
            case Want.HTML:
                return forms.html(self._pages[side], telling, messages)
            case Want.IMAGE:
                return forms.picture(self._picture, telling, side)
            case Want.JSON:
                return forms.report(telling)
            case Want.WEBSOCKET:
                return forms.short_report(telling)
            case Want.SCRIPT | Want.STYLE:
                return forms.comment(telling)
            case Want.MEDIA | Want.FONT:
                return ""
            case Want.OTHER:
                return forms.plain(telling, messages, side)
