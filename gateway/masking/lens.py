"""A Lens: what one role sees under one part of an application. Made once, used per answer. Pure.

Each field's path becomes a Spot once: shown to everybody, masked (by which mask, and whether
this role, or this role in its own records, sees it plain), or read by the recognisers. A value
that cannot be masked as told becomes stars; none comes through by mistake.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from policies.applications import Application, Part, Unknown, View, context
from policies.masking import Masker
from policies.masks_model import DIRECT, Algorithm, Keys, Mask
from policies.masks_plain import REDACTED, written
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.headers import Headers
from rules.recognise.personal.kinds import Hit, Kind

SPOTS = 20_000  # fields remembered by one lens; further ones are worked out each time
MEMO = 16_384  # values remembered by one mask
_DIGITS = re.compile("[0-9]{5}")
_PLAIN_KEY = re.compile(r"[A-Za-z_@$][A-Za-z0-9_.:-]{0,63}").fullmatch


class Look:
    """One person's look at one answer: `own` are the scopes that are theirs; what was shown and
    masked is counted by kind. Never a value."""

    __slots__ = ("masked", "own", "shown", "subjects")

    def __init__(self, own: frozenset[str] = frozenset()) -> None:
        self.own = own
        self.masked: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()
        self.subjects = 0

    def text(self) -> str:
        """For an event: `subjects=20 plain=phone:20 masked=id_card:3`."""
        sides = [f"subjects={self.subjects}"]
        for name, counted in (("plain", self.shown), ("masked", self.masked)):
            if counted:
                items = [f"{kind}:{number}" for kind, number in sorted(counted.items())]
                sides.append(f"{name}={','.join(items)}")
        return " ".join(sides)


class Spot:
    """One place of a document. `mask` None: not masked; `shown`: this role sees it plain,
    `scoped`: in its own records; `scan`: its text is read; `label`: how it is counted."""

    __slots__ = (
        "children", "key", "kind", "label", "mask", "open", "path", "personal", "scan", "scoped",
        "shown",
    )  # fmt: skip

    def __init__(self, path: str, key: str) -> None:
        self.path = path
        self.key = key  # as it is written in the answer
        self.kind: Kind | None = None
        self.label = ""
        self.mask: Callable[[Any], Any] | None = None
        self.shown = False
        self.scoped = False
        self.scan = False
        self.open = False  # nothing is done here
        self.personal = False  # a record that holds it is somebody's
        self.children: dict[str, Spot] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What lenses are made with. A finder is used by one thread alone: `apart` is the one of
    the thread that masks long bodies."""

    finder: Finder
    apart: Finder
    headers: Headers
    keys: Keys
    today: date


class Lens:
    """What `view` (None: the least role) sees of the answers of one part."""

    def __init__(
        self, application: Application, part: Part, view: View | None, tools: Tools
    ) -> None:
        self.part = part
        self.view = view
        self.everything = bool(view and view.everything) or bool(part.untouched)
        self.scan = part.unknown is Unknown.SCAN
        self.field = view.scope.field if view is not None and view.scope is not None else ""
        self._application = application
        self._tools = tools
        self._plain = frozenset(view.plain) if view is not None else frozenset()
        self._made: dict[Kind | None, Callable[[Any], Any]] = {}
        self._spots = 0
        self.root = self._unknown(Spot("", ""))

    # places

    def child(self, above: Spot, key: str) -> Spot:
        """The place under a key, remembered."""
        spot = above.children.get(key)
        if spot is None:
            spot = self._judged(above, key)
            if self._spots < SPOTS:
                self._spots += 1
                above.children[key] = spot
        return spot

    def column(self, header: str) -> Spot:
        """The place of a table's column."""
        return self.child(self.root, header)

    def _judged(self, above: Spot, key: str) -> Spot:
        spot = Spot(f"{above.path}.{key}" if above.path else key, key)
        rule = next((one for one in self.part.fields if _fits(one.match, spot.path, key)), None)
        mine = self.view is not None and any(_fits(one, spot.path, key) for one in self.view.fields)
        if rule is not None and rule.plain:
            spot.open = True
            return spot
        spot.key = self._key(key, named=rule is not None or mine)
        if rule is not None and rule.scan:
            spot.scan = True
        elif rule is not None and rule.mask is not None:
            self._masked(spot, None, self._single(rule.mask), mine=mine)
        elif rule is not None:
            self._masked(spot, rule.kind, self.mask(rule.kind), mine=mine)
        else:
            self._by_name(above, spot, key, mine=mine)
        return spot

    def _by_name(self, above: Spot, spot: Spot, key: str, *, mine: bool) -> None:
        said = self._tools.headers.meaning(key)
        if said.kind is not None:
            mask = self._application.masks.get(said.kind)
            if mask is not None and mask.algorithm is Algorithm.PASS:
                spot.open = True
            else:
                self._masked(spot, said.kind, self.mask(said.kind), mine=mine)
        elif mine:
            self._masked(spot, None, self.mask(None), mine=True)
        elif above.mask is not None and above is not self.root and above.kind is not None:
            self._masked(spot, above.kind, above.mask, mine=False)
        else:
            self._unknown(spot)

    def _unknown(self, spot: Spot) -> Spot:
        if self.scan:
            spot.scan = True
        else:
            self._masked(spot, None, self.mask(None), mine=False)
        return spot

    def _masked(
        self, spot: Spot, kind: Kind | None, mask: Callable[[Any], Any], *, mine: bool
    ) -> None:
        spot.kind, spot.mask = kind, mask
        spot.label = kind.value if kind is not None else "field"
        spot.personal = kind in DIRECT
        sees = mine or kind in self._plain
        spot.shown = sees and not self.field
        spot.scoped = sees and bool(self.field)

    def _key(self, key: str, *, named: bool) -> str:
        """A key as it may be written: names and numbers of people do not stand in keys."""
        if named:
            return key
        text = self.found(key, Look(), inside=False)
        if text != key or self.scan:
            return text
        word = _PLAIN_KEY(key) is not None or self._tools.headers.meaning(key).kind is not None
        return key if word and _DIGITS.search(key) is None else REDACTED

    # values

    def mask(self, kind: Kind | None) -> Callable[[Any], Any]:
        """The function that masks single values of a kind."""
        made = self._made.get(kind)
        if made is None:
            mask = self._application.default
            if kind is not None:
                mask = self._application.masks.get(kind, mask)
            made = self._made[kind] = self._single(mask, kind)
        return made

    def _single(self, mask: Mask, kind: Kind | None = None) -> Callable[[Any], Any]:
        if mask.algorithm is Algorithm.PASS:
            return lambda value: value
        told = context(self._application, kind, self._tools.keys)
        masker = Masker(mask, told, today=self._tools.today)
        memo: dict[str, Any] = {}
        fresh = mask.algorithm is Algorithm.SEAL

        def one(value: Any) -> Any:
            if value is None or value == "":
                return value
            if value.__class__ is bool:
                return None
            text = value if value.__class__ is str else written(value)
            if text.__class__ is not str:
                return REDACTED
            found = memo.get(text)
            if found is None:
                (found,) = masker.many((text,))
                if len(memo) >= MEMO:
                    memo.clear()
                if not fresh:
                    memo[text] = found
            return found

        return one

    def sees(self, kind: Kind, *, inside: bool) -> bool:
        """Whether this role sees a kind plain, in a record that is (`inside`) its own or not."""
        return kind in self._plain and (inside or not self.field)

    def hits(self, text: str) -> tuple[Hit, ...]:
        """What the recognisers find, but for kinds that everybody may see."""
        masks = self._application.masks
        return tuple(
            hit
            for hit in self._tools.finder.find(text)
            if (mask := masks.get(hit.kind)) is None or mask.algorithm is not Algorithm.PASS
        )

    def found(self, text: str, look: Look, *, inside: bool) -> str:
        """A text in which what is recognised, and not this role's to see, is masked."""
        hits = self.hits(text)
        if not hits:
            return text
        pieces, done = [], 0
        for hit in hits:
            if self.sees(hit.kind, inside=inside):
                look.shown[hit.kind] += 1
                continue
            look.masked[hit.kind] += 1
            made = self.mask(hit.kind)(text[hit.start : hit.end])
            pieces += [text[done : hit.start], "" if made is None else str(made)]
            done = hit.end
        return "".join((*pieces, text[done:]))

    def cell(self, value: str, spot: Spot, look: Look, *, inside: bool) -> str:
        """A cell of a table under its column."""
        made = self.leaf(value, spot, look, inside=inside)
        return "" if made is None else str(made)

    def leaf(self, value: Any, spot: Spot, look: Look, *, inside: bool) -> Any:
        """A single value at its place."""
        if spot.open:
            return value
        if spot.mask is not None:
            if value is None or value == "":
                return value
            if spot.shown or (spot.scoped and inside):
                look.shown[spot.label] += 1
                return value
            look.masked[spot.label] += 1
            return spot.mask(value)
        if value.__class__ is str:
            return self.found(value, look, inside=inside)
        if value.__class__ in (int, float) and not -10_000 < value < 10_000:
            text = written(value)
            if text.__class__ is not str:
                return REDACTED
            made = self.found(str(text), look, inside=inside)
            return value if made == text else made
        return value


def _fits(match: str, path: str, key: str) -> bool:
    return fnmatchcase(path if "." in match else key, match)
