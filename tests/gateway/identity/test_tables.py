"""CSV tables: what a spreadsheet writes, every bad line named, and hostile files."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.tables import Host, Person, Roster, read_hosts, read_prefixes, read_roster
from policies.model import Role, Subject
from rules.load import DataError

TODAY = date(2026, 9, 1)


def roster(text: str | bytes) -> Roster:
    data = text if isinstance(text, bytes) else text.encode()
    return read_roster(data, "roster.csv", TODAY)


def problems(read, text: str | bytes) -> list[tuple[int, int]]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(DataError) as caught:
        read(data, "f.csv")
    return [(one.line, one.column) for one in caught.value.problems]


def test_a_roster() -> None:
    found = roster(
        "user,school,stage,role,group,tier,name\n"
        "G001,no-1,junior,,chess,12-16,张三\n"
        "\n"
        "# a note\n"
        "t7,no-1,,teacher,,,\n"
    )
    assert found.find("g001") == Person(
        user="G001", school="no-1", stage="junior", group="chess", tier="12-16", name="张三"
    )
    assert found.find(" T7@campus.example ") == Person(user="t7", school="no-1", role=Role.TEACHER)
    assert found.find("nobody") is None


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffuser;school;name\r\nu;s;李四\r\n".encode(),
        "user\tschool\tname\nu\ts\t李四".encode(),
        "user,school,name,,\nu,s,李四\n".encode("gb18030"),
        'USER,School,name\n"u","s","李四"\n'.encode(),
    ],
)
def test_ways_spreadsheets_write(data: bytes) -> None:
    assert roster(data).find("u") == Person(user="u", school="s", name="李四")


def test_the_tier_by_the_birthday() -> None:
    person = roster("user,school,birthday\nu,s,2012-02-29\n").find("u")
    assert person is not None
    assert person.tier_on(date(2028, 2, 28)) == "12-16"
    assert person.tier_on(date(2028, 2, 29)) == "16-18"
    assert person.tier_on(date(2030, 3, 1)) == ""


def test_every_bad_line_of_a_roster_is_named() -> None:
    text = (
        "user,school,stage,role,tier,birthday\n"
        ",s,,,,\n"  # no user
        "a,S!,,,,\n"  # no school id
        "b,s,middle,,,\n"
        "c,s,,king,,\n"
        "d,s,,,12-15,\n"
        "e,s,,,,2012-02-30\n"
        "f,s,,,12-16,2012-02-28\n"
        "f,s,,,,\n"  # twice
        "g,s,,,,,,\n"  # too many cells
        f"{'h' * 200},s,,,,\n"
        "i\x07,s,,,,\n"
        "good,s,,,,\n"
    )
    assert problems(lambda d, f: read_roster(d, f, TODAY), text) == [
        (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6), (8, 5), (9, 1), (10, 7), (11, 1), (12, 1),
    ]  # fmt: skip


def test_hosts() -> None:
    text = "address,school,role,user\n10.0.0.1,s,,u1\n::ffff:10.0.0.2,s,staff,\n"
    assert read_hosts(text.encode(), "f") == (
        Host(address="10.0.0.1", subject=Subject(school="s"), user="u1"),
        Host(address="10.0.0.2", subject=Subject(school="s", role=Role.STAFF)),
    )
    bad = "address,school\n10.0.0.300,s\n10.0.0.1,s\n10.0.0.1,s\n10.0.0.0/24,s\n"
    assert problems(read_hosts, bad) == [(2, 1), (4, 1), (5, 1)]


def test_prefixes_and_vlans() -> None:
    text = "prefix,school,stage,vlan,segment\n10.1.0.0/16,s,junior,120,\nfd00::/48,s,,,lab\n"
    assert read_prefixes(text.encode(), "f") == (
        ("10.1.0.0/16", Subject(school="s", stage="junior", segment="vlan-120")),
        ("fd00::/48", Subject(school="s", segment="lab")),
    )
    bad = "prefix,school,vlan\n10.1.0.1/16,s,\n10.0.0.0/8,s,4095\n10.0.0.0/8,s,x\n,s,\n"
    assert problems(read_prefixes, bad) == [(2, 1), (3, 3), (4, 3), (4, 1), (5, 1)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [(1, 1)]),
        ("\n\n# nothing\n", [(1, 1)]),
        ("user,school\na,b\n", [(1, 1), (1, 1)]),
        ("prefix\n10.0.0.0/8\n", [(1, 1)]),
        ("prefix,school,school\n", [(1, 3)]),
        (b"\xff\xff\xff", [(1, 1)]),
        ('prefix,school\n"10.0.0.0/8"x,s\n10.0.0.0/8,s\n', [(2, 1)]),
    ],
)
def test_files_that_are_something_else(text: str | bytes, places: list[tuple[int, int]]) -> None:
    found = problems(read_prefixes, text)
    assert [one for one in found if one in places]


def test_a_file_of_nonsense_ends_early() -> None:
    with pytest.raises(DataError) as caught:
        read_prefixes(b"prefix,school\n" + b"x,y z\n" * 100_000, "f")
    assert len(caught.value.problems) == 10_000


@given(st.binary(max_size=400))
def test_any_bytes_give_tables_or_problems(data: bytes) -> None:
    for head in (b"", b"user,school,birthday\n", b"prefix,school,vlan\n"):
        for read in (roster, lambda d: read_prefixes(d, "f"), lambda d: read_hosts(d, "f")):
            with suppress(DataError):
                read(head + data)
