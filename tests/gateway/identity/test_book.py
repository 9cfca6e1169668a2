"""From a login to a Subject: what the roster says, what the place says, and the pseudonym."""

from datetime import UTC, date, datetime

from gateway.identity.book import Book, day
from gateway.identity.known import UNKNOWN_USER
from gateway.identity.pseudonyms import Epoch, Ring, person
from gateway.identity.sessions import Sessions
from gateway.identity.tables import Host, Person, Roster
from policies.model import Role, Subject

NOW = datetime(2026, 9, 1, 2, 0, tzinfo=UTC).timestamp()
PERSONS = [
    Person(user="G1", school="a", stage="junior", group="chess", tier="12-16", name="张三"),
    Person(user="t1", school="a", role=Role.TEACHER, name="王老师"),
    Person(user="G2", school="a"),
    Person(user="G3", school="a", birthday=date(2010, 9, 1)),
]
ROSTER = Roster(persons={p.user.casefold(): p for p in PERSONS})
PLACES = [
    ("10.1.0.0/16", Subject(school="a", stage="senior", tier="16-18", group="exam", segment="n")),
    ("10.2.0.0/16", Subject(school="b", stage="primary-lower", tier="3-8", group="gb")),
    ("2001:db8:1::/48", Subject(school="a", stage="senior")),
]


def book() -> Book:
    made = Book(Ring(b"k" * 32), Sessions(600))
    made.place(PLACES, Subject(stage="primary-upper"))
    made.adopt(ROSTER, (), (), NOW)
    return made


def who(user: str, name: str = "10.1.0.9", school: str = "") -> Subject:
    here = book()
    here.sessions.login(name, user, school=school, seconds=300, now=NOW)
    found = here.answer(name, NOW)
    assert found is not None
    assert found.bound.expires == NOW + 300
    return found.bound.subject


def attributes(one: Subject) -> tuple[str, str, str, str, str, str]:
    return one.school, one.stage, one.tier, str(one.role), one.group, one.segment


def test_the_roster_comes_first_and_the_place_fills_in() -> None:
    assert attributes(who("G1")) == ("a", "junior", "12-16", "pupil", "chess", "n")
    assert attributes(who("G2")) == ("a", "senior", "16-18", "pupil", "exam", "n")


def test_a_teacher_among_pupils_has_no_stage_but_the_exam_room_binds() -> None:
    assert attributes(who("t1")) == ("a", "", "", "teacher", "exam", "n")


def test_a_guest_of_another_school_keeps_the_own_school() -> None:
    assert attributes(who("G1", "10.2.0.9")) == ("a", "junior", "12-16", "pupil", "chess", "")
    assert attributes(who("G2", "10.2.0.9")) == ("a", "", "", "pupil", "", "")


def test_tiers_by_birthday_change_at_midnight_of_shanghai() -> None:
    assert who("G3").tier == "16-18"
    here = book()
    here.sessions.login("10.1.0.9", "G3", school="", seconds=300, now=NOW)
    before = datetime(2026, 8, 31, 15, 59, 59, tzinfo=UTC).timestamp()
    assert day(before) == date(2026, 8, 31)
    found = here.answer("10.1.0.9", before)
    assert found is not None
    assert found.bound.subject.tier == "12-16"
    adult = datetime(2028, 9, 1, 2, 0, tzinfo=UTC).timestamp()
    here.sessions.login("10.1.0.9", "G3", school="", seconds=300, now=adult)
    found = here.answer("10.1.0.9", adult)
    assert found is not None
    assert found.bound.subject.tier == ""  # not the place's: the birthday is known


def test_somebody_no_roster_knows_has_the_place_s_rights_and_a_token_of_their_own() -> None:
    found = who("stranger")
    assert attributes(found) == ("a", "senior", "16-18", "pupil", "exam", "n")
    assert found.confidence == UNKNOWN_USER
    assert found.source == "portal"
    assert found.token != book()._resolver.place("10.1.0.9").token
    assert found.token == who("STRANGER", "10.1.0.10").token
    assert found.token != who("stranger", "10.2.0.9").token  # another school's key
    assert who("stranger", "192.0.2.1", school="b").school == "b"


def test_a_person_has_one_token_on_all_devices_and_a_name_row() -> None:
    here = book()
    for name in ("10.1.0.9", "10.2.0.9", "2001:db8:1:2::/64"):
        here.sessions.login(name, "g1", school="", seconds=300, now=NOW)
    rows = [here.answer(name, NOW) for name in here.sessions.names()]
    assert {row and row.name.token for row in rows} == {here.ring.token("a", person("g1"))}
    row = rows[0]
    assert row is not None
    assert (row.name.name, row.name.user, row.name.school) == ("张三", "g1", "a")
    assert row.name.epoch == 0


def test_a_rotation_gives_everybody_a_new_token() -> None:
    here = book()
    here.sessions.login("10.1.0.9", "g1", school="", seconds=300, now=NOW)
    before = here.answer("10.1.0.9", NOW)
    epoch = Epoch(school="a", number=1, key="ab" * 32, since=0, issuer="i", reason="r")
    here.ring = Ring(b"k" * 32, [epoch])
    after = here.answer("10.1.0.9", NOW)
    assert before is not None
    assert after is not None
    assert before.name.token != after.name.token
    assert after.name.epoch == 1


def test_static_hosts() -> None:
    here = book()
    hosts = [
        Host(address="10.1.0.20", subject=Subject(school="a", group="lib", segment="s"), user="G1"),
        Host(address="10.1.0.21", subject=Subject(school="a", role=Role.STAFF)),
        Host(address="10.1.0.22", subject=Subject(school="a", stage="junior"), user="nobody"),
    ]
    names = here.adopt(ROSTER, hosts, [("10.9.0.0/16", Subject(school="b"))], NOW)
    assert [(one.user, one.name) for one in names] == [("g1", "张三"), ("nobody", "")]
    owned, staff, unknown = (here.tables.hosts[host.address] for host in hosts)
    assert attributes(owned) == ("a", "junior", "12-16", "pupil", "chess", "s")
    assert owned.token == here.ring.token("a", person("g1"))
    assert (owned.source, owned.confidence) == ("static", 0.8)
    assert (staff.role, staff.token) == (Role.STAFF, "")  # its device's, made where it is met
    assert (unknown.stage, unknown.token) == ("junior", names[1].token)
    assert here.tables.prefixes.rows == 1


def test_nobody_is_there() -> None:
    here = book()
    assert here.answer("10.1.0.9", NOW) is None
    here.sessions.login("10.1.0.9", "g1", school="", seconds=300, now=NOW)
    assert here.answer("10.1.0.9", NOW + 300) is None


def test_what_a_provider_says_stands_where_no_roster_knows() -> None:
    book = Book(Ring(b"k" * 32), Sessions(600.0))
    said = {"role": "teacher", "school": "no-1", "name": "王老师"}
    answer = book.person("T-Wang", said, "10.0.0.1", "ldap", 0.0, 1.0)
    subject = answer.bound.subject
    assert (subject.role, subject.school, subject.source) == (Role.TEACHER, "no-1", "ldap")
    assert subject.confidence == 0.95
    assert (answer.name.user, answer.name.name) == ("t-wang", "王老师")
    nobody = book.person("x", {}, "10.0.0.1", "ldap", 0.0, 1.0)
    assert nobody.bound.subject.confidence == 0.7
    assert book.sessions.login("10.0.0.2", "u", school="", seconds=60, now=1.0, traits=said)
    again = Sessions(600.0)
    again.restore(book.sessions.dump(), 1.0)
    book.sessions = again  # over a restart
    found = book.answer("10.0.0.2", 2.0)
    assert found is not None
    assert found.bound.subject.role is Role.TEACHER
