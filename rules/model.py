"""The nouns of recognition: Facts, Category, Signal. Values only; nothing here acts.

A category is a kind of content or of app. Facts are what was observed of one
exchange at one stage; they grow from DNS to the response body. A Signal is one
recognition. Signals carry a bit mask (bit i = the i-th category of the RuleBase
in force), because deciding is a few AND operations on that mask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

APP, CLIENT = "app:", "client:"
"""How the categories of apps, and of programs that look like them, begin."""

MARKER_ZONE = "test.qinglang.invalid"
"""Every category has a harmless marker host below this zone (RFC 6761 reserves `invalid`)."""


class Stage(StrEnum):
    """How far an exchange has been observed. Later stages know more."""

    DNS = "dns"
    TLS = "tls"
    REQUEST = "request"
    RESPONSE = "response"


class Layer(StrEnum):
    """What kind of category: it decides whether a policy may ever loosen it."""

    HARMFUL = "harmful"  # 未成年人网络保护条例 art. 22: never loosened
    AFFECT = "affect"  # 条例 art. 23: prominent warning first
    FUNCTIONAL = "functional"  # what an app or site is for; free to a district
    HELP = "help"  # crisis and protection: wins over every list
    APP = "app"  # one app, beside the categories of what it is for


class Status(StrEnum):
    """How well a fact about a law, standard or list was verified."""

    CONFIRMED = "confirmed"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


class Rank(StrEnum):
    """What binds a rule, from strongest to weakest. Guidance is a choice, not a law."""

    LAW = "law"  # 法律
    REGULATION = "regulation"  # 行政法规
    DEPARTMENT_RULE = "department-rule"  # 部门规章与规范性文件
    GUIDANCE = "guidance"  # 指南、标准: adopted here, binding elsewhere or nobody
    DISTRICT = "district"  # 区级规定
    SCHOOL = "school"  # 校级规定


class Gap(StrEnum):
    """What could not be observed. A gap is never read as 'harmless'."""

    NO_NAME = "no-name"  # neither SNI nor Host: only an address is known
    ENCRYPTED_HELLO = "encrypted-hello"  # ECH with a known public name (RFC 9849)
    NOT_HTTP = "not-http"  # foreign bytes on a web port or inside CONNECT
    TLCP = "tlcp"  # 国密 TLCP record (GB/T 38636): cannot be decrypted by us
    CLIENT_CERT = "client-cert"  # the site asks for a client certificate
    BAD_CERT = "bad-cert"  # the upstream certificate does not verify
    UPSTREAM = "upstream"  # the destination cannot be reached
    UNDECODABLE = "undecodable"  # the body's content-encoding cannot be decoded
    BOMB = "bomb"  # the body expands beyond the budget
    MALFORMED = "malformed"  # the request breaks the protocol
    TOO_LARGE = "too-large"  # head over the limit
    TOO_SLOW = "too-slow"  # head slower than the limit
    FORBIDDEN_DESTINATION = "forbidden-destination"  # loopback, link-local, metadata, own ports
    FOREIGN_CLIENT = "foreign-client"  # the client's address is not served by this listener
    NAME_CONFLICT = "name-conflict"  # Host, SNI and CONNECT target differ
    OVER_BUDGET = "over-budget"  # a page longer than what may be read of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence in the two languages of the product."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where a rule comes from: statute or standard, clause, its rank, and how sure we are."""

    source: str
    clause: str = ""
    status: Status = Status.UNVERIFIED
    note: str = ""
    rank: Rank | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Hosts (or host/path) that must hit and must miss; run by one generic test."""

    hit: tuple[str, ...] = ()
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of content or app. `id` is also the file name in rules/categories.

    An app of rules/apps is a category of its own, `app:<id>`; `of` are the categories it
    belongs to. `client:<id>` says that the program asking looks like that app's: anybody
    can claim that, so policies only ever tighten by it (`policies.kinds`).
    """

    id: str
    title: Text
    layer: Layer
    harm: Text
    basis: tuple[Basis, ...]
    loosen: bool = False
    limits: Text | None = None
    examples: Examples = field(default_factory=Examples)
    of: tuple[str, ...] = ()

    @property
    def marker(self) -> str:
        """The harmless host by which anyone can try this category."""
        kind, colon, name = self.id.partition(":")
        return f"{name}.{kind}.{MARKER_ZONE}" if colon else f"{kind}.{MARKER_ZONE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One recognition: which category, who recognised it, how surely, by what.

    `confidence` is 1.0 where a list, label or exact rule says so, otherwise a calibrated
    probability below 1.0: policy says from which one on it counts.
    """

    category: str
    recogniser: str  # hosts, urls, marker, labels, words, model, search, app, evasion, image, ...
    matched: str  # the suffix, path prefix, label, words that matched
    list: str = ""  # the list, lexicon, model or table it stands in
    confidence: float = 1.0
    place: str = ""  # where in the exchange: title, text, url, search, prompt, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was observed of one exchange at one stage.

    `host` is the real destination's name (canonical: lower case A-labels, no
    trailing dot) or an address literal; `names` are all other names the client
    claimed (CONNECT target, SNI, Host): the strictest of them decides.
    `path` is path plus query, as sent. `labels` are content labels found in the
    first window of the body; `seen` is what recognisers of content, search words, apps and
    evasions made of the exchange so far. `gap` says what could not be observed.
    """

    stage: Stage
    host: str
    names: tuple[str, ...] = ()
    address: str = ""
    port: int = 0
    scheme: str = ""
    method: str = ""
    path: str = ""
    media_type: str = ""
    status: int = 0
    labels: tuple[str, ...] = ()
    seen: tuple[Signal, ...] = ()
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """All recognitions of one exchange, and their categories as a bit mask.

    `mask` holds what is sure. `doubts` are the bits of categories recognised only with a
    probability, each with it, the surest first: policy adds those that are sure enough.
    """

    mask: int = 0
    items: tuple[Signal, ...] = ()
    doubts: tuple[tuple[int, float], ...] = ()


NO_SIGNALS = Signals()
