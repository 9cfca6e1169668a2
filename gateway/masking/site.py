"""One application as a worker serves it: its policy, its lenses made once, its verifier. Pure.

A Site answers who asks, which part of the application it is, and through which Lens they look.
`Sites` are all of them by host name; a reload makes new ones, verifiers stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.identity.pseudonyms import person
from gateway.masking.lens import Lens, Look, Tools
from gateway.masking.tables import Unmasked
from gateway.masking.tokens import NOBODY, Person, Verifier
from gateway.node import Served
from policies.applications import Application, View, clean_path
from policies.model import Subject
from rules.model import Text

LEAST = "least"
SOURCE = "token"


@dataclass(slots=True, kw_only=True)
class Seat:
    """One request's look: whose, through what, and what came of it so far."""

    site: Site
    person: Person
    lens: Lens
    look: Look
    inside: bool
    part: int
    kind: str = ""  # the answer's Content-Type
    coding: str = ""
    empty: bool = False  # the answer has no body, or its body does not pass

    @property
    def role(self) -> str:
        return self.lens.view.id if self.lens.view is not None else LEAST

    def event(self) -> str:
        """What a whole exchange is recorded with; nothing for what is nobody's (style, scripts)."""
        return "" if self.lens.part.untouched else self.told()

    def told(self, refused: Unmasked | None = None) -> str:
        """For the event: application, role, part, what was shown and masked; never a value."""
        said = f"mask app={self.site.application.id} role={self.role} part={self.part + 1}"
        if self.person.why and self.person is not NOBODY:
            said += f" token={self.person.why}"
        if refused is not None:
            return f"{said} refused={refused}"
        if self.lens.everything:
            return f"{said} everything subjects=unknown"
        return f"{said} {self.look.text()}"


class Site:
    """An application behind this node."""

    def __init__(
        self, served: Served, application: Application, tools: Tools, verifier: Verifier
    ) -> None:
        self.served = served
        self.application = application
        self.verifier = verifier
        self._tools = (tools, replace(tools, finder=tools.apart))
        self._lenses: dict[tuple[int, str, bool], Lens] = {}

    def seat(
        self, method: str, target: str, fields: Iterable[tuple[bytes, bytes]], now: float
    ) -> Seat | Unmasked:
        """Who looks at which part through what; or why the request goes nowhere."""
        path = clean_path(target)
        if path is None:
            return Unmasked.PATH
        found = self.application.part("GET" if method == "HEAD" else method, path)
        if found is None:
            return Unmasked.NO_PART
        number, scope = found
        somebody = self.verifier.person(fields, now)
        view = self.application.view(somebody.claims) if somebody.known else None
        own: frozenset[str] = frozenset()
        if view is not None and view.scope is not None:
            own = frozenset(somebody.claims.get(view.scope.claim, ()))
        return Seat(
            site=self,
            person=somebody,
            lens=self.lens(number, view),
            look=Look(own),
            inside=scope in own if scope else False,
            part=number,
        )

    def lens(self, number: int, view: View | None, *, apart: bool = False) -> Lens:
        """Through which a role looks at a part; made once (`apart`: for the other thread)."""
        key = (number, view.id if view is not None else LEAST, apart)
        made = self._lenses.get(key)
        if made is None:
            part = self.application.parts[number]
            made = self._lenses[key] = Lens(self.application, part, view, self._tools[apart])
        return made

    def subject(self, device: Subject, somebody: Person, token: str) -> Subject:
        """Whom the record names: the person's pseudonym, else the device's."""
        if not somebody.known:
            return device
        return replace(device, token=token, source=SOURCE, confidence=1.0)


def person_text(site: Site, somebody: Person) -> str:
    """What is pseudonymised of a token's subject: the issuer with it, for names repeat."""
    return person(f"{site.verifier.trust.issuer}\0{somebody.subject}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Every application of a node, by host, and the words of refusals."""

    by_host: Mapping[str, Site]
    words: Mapping[Unmasked, Text]

    def detail(self, why: Unmasked) -> str:
        """Why, in both languages, Chinese first."""
        text = self.words[why]
        return f"{text.zh} {text.en}"


NONE = Sites(by_host={}, words={})


def sites(
    served: Iterable[Served],
    applications: Iterable[Application],
    tools: Tools,
    verifiers: Mapping[str, Verifier],
    words: Mapping[Unmasked, Text],
) -> Sites:
    """The applications that are both served here and written in the policies."""
    known = {one.id: one for one in applications}
    made: dict[str, Site] = {}
    for one in served:
        application = known.get(one.application)
        if application is None:
            continue
        site = Site(one, application, tools, verifiers[one.application])
        made.update(dict.fromkeys(application.hosts, site))
    return Sites(by_host=made, words=words)
