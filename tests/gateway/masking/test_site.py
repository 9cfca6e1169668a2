"""A site: who asks for which part, through which lens, and what is told of it."""

import pytest

from gateway.masking.lens import Look
from gateway.masking.site import NONE, Seat, Site, Sites, person_text, sites
from gateway.masking.tables import Unmasked
from gateway.masking.tokens import Verifier, readable_keys
from gateway.node import Served
from policies.model import Subject
from rules.model import Text
from tests.gateway.masking_samples import (
    API,
    NOW,
    PAGE,
    STATIC,
    TRUST,
    application,
    bearer,
    jwks,
    token,
    tools,
)  # fmt: skip

SERVED = Served(
    application="pupils", upstream="https://in.example:8443", token=TRUST, keys="/jwks.json"
)


@pytest.fixture
def site() -> Site:
    verifier = Verifier(TRUST)
    verifier.use(readable_keys(jwks()))
    return Site(SERVED, application(), tools(), verifier)


def seat(site: Site, target: str, *, method: str = "GET", role: str = "teacher") -> Seat:
    found = site.seat(method, target, bearer(token(role=role)), NOW)
    assert isinstance(found, Seat)
    return found


def test_who_looks_at_which_part(site: Site) -> None:
    found = seat(site, "/api/pupils?x=1")
    assert (found.role, found.part, found.look.own) == ("teacher", API, {"3-1"})
    assert found.inside is False
    assert seat(site, "/api/pupils", role="nobody").role == "least"
    assert seat(site, "/static/a.css", role="nobody").part == STATIC
    assert seat(site, "/api/x", role="officer").lens.everything
    nobody = site.seat("GET", "/api/x", (), NOW)
    assert isinstance(nobody, Seat)
    assert (nobody.role, nobody.look.own) == ("least", set())


def test_a_path_may_name_the_scope(site: Site) -> None:
    assert seat(site, "/classes/3-1/page").inside is True
    assert seat(site, "/classes/3-2/page").inside is False
    assert seat(site, "/classes/3%2D1/page", method="HEAD").part == PAGE
    assert seat(site, "/classes/3-1/page", role="office").inside is False


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/other", Unmasked.NO_PART),
        ("/", Unmasked.NO_PART),
        ("/static/../api/x", Unmasked.PATH),
        ("/static/%2e%2e/api/x", Unmasked.PATH),
        ("/static//x", Unmasked.PATH),
        ("/static/x%2f..%2fapi", Unmasked.PATH),
        ("/static/x;y", Unmasked.PATH),
        ("*", Unmasked.PATH),
        ("/static/\\api", Unmasked.PATH),
    ],
)
def test_addresses_that_go_nowhere(site: Site, target: str, why: Unmasked) -> None:
    assert site.seat("GET", target, (), NOW) is why


def test_lenses_are_made_once(site: Site) -> None:
    assert seat(site, "/api/a").lens is seat(site, "/api/b").lens
    assert seat(site, "/api/a").lens is not seat(site, "/api/a", role="office").lens


def test_the_other_thread_has_lenses_and_a_finder_of_its_own(site: Site) -> None:
    near, far = (site.lens(API, None, apart=apart) for apart in (False, True))
    assert far is site.lens(API, None, apart=True)
    assert near._tools.finder is not far._tools.finder


def test_the_record_names_a_pseudonym_and_no_value(site: Site) -> None:
    found = seat(site, "/api/pupils")
    found.look.shown["phone"] += 2
    assert found.event() == "mask app=pupils role=teacher part=3 subjects=0 plain=phone:2"
    assert found.told(Unmasked.TYPE) == "mask app=pupils role=teacher part=3 refused=type"
    assert seat(site, "/static/a").event() == ""
    assert seat(site, "/api/x", role="officer").event().endswith("everything subjects=unknown")
    bad = site.seat("GET", "/api/x", bearer("a.b.c"), NOW)
    assert isinstance(bad, Seat)
    assert "role=least" in bad.event()
    assert "token=no-jwt" in bad.event()
    device = Subject(token="device")
    assert site.subject(device, bad.person, "x") is device
    assert site.subject(device, found.person, "p1").token == "p1"
    assert person_text(site, found.person) != person_text(site, bad.person)


def test_sites_by_host() -> None:
    verifiers = {"pupils": Verifier(TRUST)}
    words = {Unmasked.TYPE: Text(zh="甲", en="a")}
    made = sites([SERVED], [application()], tools(), verifiers, words)
    assert set(made.by_host) == {"pupils.school.example"}
    assert made.detail(Unmasked.TYPE) == "甲 a"
    assert sites([SERVED], [], tools(), verifiers, words).by_host == {}
    assert Sites(by_host={}, words={}) == NONE
    assert Look().own == frozenset()
