"""A small district that keeps every rule, on a real server, and the changes that break one each.

Numbers are of counties that do not exist and of a range that people are not given.
"""

# ruff: noqa: E501 - tables

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.district import People
from policies.masks_fake import FAKERS, Dice
from rules.recognise.personal.kinds import Kind

AT = "2026-11-24"
SEALED = "qm1:k1:" + "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg"
RULES = """\
district: 示例区教育局
sources:
  - {name: district}
  - {name: training, use: test}
parameters:
  - {id: roll-file, title: 学籍档案, period: 10 years, document: {number: 示教档〔2026〕1号}}
datasets:
  - id: roll
    name: 学籍
    owner: 学籍管理员
    purpose: 学籍管理
    holds: [{source: district, tables: [students, guardians]}]
    minors: true
    collection:
      kinds: [name, sex, birth_date, id_card, guardian_name, guardian_phone, phone]
    legal:
      ground: duty
      guardian: {recorded: guardians.agreed_on, withdrawn: guardians.withdrawn_on, subject: students.id, key: guardians.student_id, born: students.born}
    access:
      owners: [roll_owner]
      administrators: [qinglang, root, mysql]
      grants:
        - {role: roll_app, privileges: [select, insert, update]}
        - {role: class_teacher, privileges: select, tables: students, columns: [id, name], members: ["teacher_*"]}
    storage: {place: 机房, encrypted: none}
    retention:
      - id: left
        since: students.left_on
        may-be-empty: true
        parameter: roll-file
        then: destroy
        children: [{column: guardians.student_id, parent: students.id}]
    sharing:
      - {recipient: 区卫健局, purpose: 查验, fields: [name, born], masked: none, until: 2027-07-31, approval: S4, roles: [health_reader]}
    entrusted:
      - {contractor: 示例公司, purpose: 运维, contract: {number: C1, until: 2027-12-31}, roles: [vendor]}
    export: {allowed: true, to: 姊妹学校, approval: {number: E1, until: 2027-12-31}}
    destruction: {approvers: [甲, 乙]}
    legal-holds:
      - {id: h1, reason: 复核, document: {number: H1}, since: 2026-09-01, until: 2027-01-01, rows: [{column: students.id, values: ["3"]}, {column: guardians.id, values: ["40"]}]}
    records:
      - {kind: assessment, document: {number: R1, dated: 2026-02-01, place: 档案室}, kept: 3 years}
      - {kind: minors, document: {number: R2, dated: 2026-02-01, place: 官网}, kept: permanent}
      - {kind: sharing, document: {number: R3, dated: 2026-08-30, place: 档案室}, kept: 5 years}
      - {kind: entrusting, document: {number: R4, dated: 2026-01-01, place: 档案室}, kept: 5 years}
      - {kind: audit, document: {number: R5, dated: 2026-01-20, place: 档案室}, kept: 5 years}
  - id: visits
    name: 来访
    owner: 保卫科
    purpose: 来访登记
    holds: [{source: district, tables: [visits]}]
    minors: false
    collection: {kinds: [name, phone], columns: [visits.id, visits.name, visits.phone, visits.day], closed: false}
    legal: {ground: consent, consent: {recorded: visits.agreed, given: ["yes"]}}
    access: {owners: [roll_owner], administrators: [qinglang, root, mysql], grants: [{role: roll_app, privileges: [select, insert, update]}]}
    storage: {place: 机房, encrypted: field, columns: [visits.phone]}
    retention: [{id: year, since: visits.day, since-form: text, period: 1 year, then: destroy}]
    export: {allowed: false}
    destruction: {approvers: [甲, 乙]}
"""
TABLES = (
    "CREATE TABLE students (id int PRIMARY KEY, name varchar(20), sex varchar(4), born date, id_card varchar(18), left_on date)",
    "CREATE TABLE guardians (id int PRIMARY KEY, student_id int, guardian_name varchar(20), guardian_phone varchar(11), agreed_on date, withdrawn_on date)",
    "CREATE TABLE visits (id int PRIMARY KEY, name varchar(20), phone varchar(120), day varchar(10), agreed varchar(4))",
)
POSTGRESQL = (
    "CREATE ROLE roll_owner", "CREATE ROLE roll_app LOGIN", "CREATE ROLE class_teacher",
    "CREATE ROLE teacher_a LOGIN", "CREATE ROLE health_reader LOGIN", "CREATE ROLE vendor LOGIN",
    "CREATE ROLE stranger LOGIN", "GRANT class_teacher TO teacher_a",
    *(f"ALTER TABLE {one} OWNER TO roll_owner" for one in ("students", "guardians", "visits")),
    *(f"GRANT SELECT, INSERT, UPDATE ON {one} TO roll_app" for one in ("students", "guardians", "visits")),
    "GRANT SELECT (id, name) ON students TO class_teacher",
    "GRANT SELECT (name, born) ON students TO health_reader",
)  # fmt: skip
MARIADB = (
    *(f"CREATE USER {one}@localhost IDENTIFIED BY 'a long invented word'" for one in ("roll_app", "teacher_a", "health_reader", "vendor", "stranger")),
    "CREATE ROLE class_teacher", "GRANT class_teacher TO teacher_a@localhost",
    *(f"GRANT SELECT, INSERT, UPDATE ON district.{one} TO roll_app@localhost" for one in ("students", "guardians", "visits")),
    "GRANT SELECT (id, name) ON district.students TO class_teacher",
    "GRANT SELECT (name, born) ON district.students TO health_reader@localhost",
)  # fmt: skip


def rows(seed: int = 7) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """The rows of every table."""
    p = People(seed)
    pupils: list[dict[str, object]] = []
    guardians: list[dict[str, object]] = []
    for one in range(1, 31):
        card = p.card(2014, 2016)
        born = f"{card[6:10]}-{card[10:12]}-{card[12:14]}"
        pupils.append(
            {
                "id": one,
                "name": p.name(),
                "sex": "女",
                "born": born,
                "id_card": card,
                "left_on": None,
            }
        )
        guardians.append(
            {
                "id": one,
                "student_id": one,
                "guardian_name": p.name(),
                "guardian_phone": p.phone(),
                "agreed_on": "2024-09-01",
                "withdrawn_on": None,
            }
        )
    # grown up and left long ago: held by the number of the pupil, and by that of the guardian
    pupils[2] |= {"born": "1998-01-01", "left_on": "2012-07-01"}
    pupils.append(
        {
            "id": 40,
            "name": p.name(),
            "sex": "男",
            "born": "1998-01-01",
            "id_card": p.card(1998, 1998),
            "left_on": "2012-07-01",
        }
    )
    guardians.append(
        {
            "id": 40,
            "student_id": 40,
            "guardian_name": p.name(),
            "guardian_phone": p.phone(),
            "agreed_on": None,
            "withdrawn_on": None,
        }
    )
    yield "students", pupils
    yield "guardians", guardians
    yield (
        "visits",
        [
            {"id": one, "name": p.name(), "phone": SEALED, "day": "2026-10-01", "agreed": "yes"}
            for one in range(1, 21)
        ],
    )


def write(url: str, orders: tuple[str, ...]) -> None:
    """Make the tables and who may do what."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for order in TABLES:
            connection.execute(text(order))
        for table, listed in rows():
            names = list(listed[0])
            places = ", ".join(f":{one}" for one in names)
            connection.execute(
                text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"), listed
            )
        for order in orders:
            connection.exec_driver_sql(order)
    engine.dispose()


def do(url: str, *orders: str) -> None:
    """Some statements."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for order in orders:
            connection.exec_driver_sql(order.replace("%", "%%"))
    engine.dispose()


def training(path: Path) -> None:
    """A test database of fakes."""
    made = [
        (one, *(FAKERS[kind].make(Dice(bytes([one]) * 32), sample) for kind, sample in
                ((Kind.NAME, "某甲"), (Kind.ID_CARD, "1" * 18), (Kind.PHONE, "1" * 11))))
        for one in range(1, 30)
    ]  # fmt: skip
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE students (id integer PRIMARY KEY, xm, sfzjh, lxdh)")
        database.executemany("INSERT INTO students VALUES (?, ?, ?, ?)", made)
        database.commit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is changed, and what must come of it: exactly that."""

    name: str
    wanted: frozenset[tuple[str, str]]  # (code, where it ends)
    rules: tuple[tuple[str, str], ...] = ()
    postgresql: tuple[str, ...] = ()
    mariadb: tuple[str, ...] | None = None  # None: as postgresql
    undo: tuple[str, ...] = ()
    undo_mariadb: tuple[str, ...] | None = None
    unknown: frozenset[str] = field(default_factory=frozenset)

    def orders(self, kind: str) -> tuple[str, ...]:
        return self.postgresql if kind == "postgresql" or self.mariadb is None else self.mariadb

    def back(self, kind: str) -> tuple[str, ...]:
        return self.undo if kind == "postgresql" or self.undo_mariadb is None else self.undo_mariadb


def _one(name: str, code: str, place: str, **more: object) -> Change:
    return Change(name=name, wanted=frozenset({(code, place)}), **more)  # type: ignore[arg-type]


def _bank() -> str:
    return People(3).bank()


CHANGES = (
    _one("a column of another kind, by its values", "scope-kind", "students.c9",
         postgresql=("ALTER TABLE students ADD COLUMN c9 varchar(20)", f"UPDATE students SET c9 = '{_bank()}'"),
         undo=("ALTER TABLE students DROP COLUMN c9",)),
    _one("a column of another kind, by its name", "scope-kind", "students.宗教信仰",
         postgresql=("ALTER TABLE students ADD COLUMN 宗教信仰 varchar(20)",),
         undo=("ALTER TABLE students DROP COLUMN 宗教信仰",)),
    _one("a closed scope", "scope-column", "visits.agreed", rules=(("closed: false", "closed: true"),)),
    _one("a table no rule names", "unruled", "export_tmp",
         postgresql=("CREATE TABLE export_tmp (n int, 手机号 varchar(11))",), undo=("DROP TABLE export_tmp",)),
    _one("a rule's table is gone", "absent", "ghosts", rules=(("tables: [visits]", "tables: [visits, ghosts]"),)),
    _one("a row beyond its time", "overdue", "students.left_on",
         postgresql=("UPDATE students SET left_on = '2016-11-23' WHERE id = 5",), undo=("UPDATE students SET left_on = NULL WHERE id = 5",)),
    Change(name="a row on its last day", wanted=frozenset(),
           postgresql=("UPDATE students SET left_on = '2016-11-24' WHERE id = 5",), undo=("UPDATE students SET left_on = NULL WHERE id = 5",)),
    Change(name="a hold that ended frees its rows", wanted=frozenset({("hold-ended", "district"), ("overdue", "students.left_on")}),
           rules=(("since: 2026-09-01, until: 2027-01-01", "since: 2026-09-01, until: 2026-10-01"),)),
    _one("a text day beyond its time", "overdue", "visits.day",
         postgresql=("UPDATE visits SET day = '2025-11-23' WHERE id = 1",), undo=("UPDATE visits SET day = '2026-10-01' WHERE id = 1",)),
    _one("a row without a day", "undated", "visits.day",
         postgresql=("UPDATE visits SET day = 'soon' WHERE id = 1",), undo=("UPDATE visits SET day = '2026-10-01' WHERE id = 1",)),
    _one("a period nobody fixed", "period", "students.left_on",
         rules=(("period: 10 years, document: {number: 示教档〔2026〕1号}", "title: 学籍档案"), ("title: 学籍档案, title: 学籍档案", "title: 学籍档案")),
         unknown=frozenset({"overdue"})),
    _one("a right too many", "grant", "students.roll_app",
         postgresql=("GRANT DELETE ON students TO roll_app",), undo=("REVOKE DELETE ON students FROM roll_app",),
         mariadb=("GRANT DELETE ON district.students TO roll_app@localhost",), undo_mariadb=("REVOKE DELETE ON district.students FROM roll_app@localhost",)),
    _one("a member nobody named", "grant", "students.stranger",
         postgresql=("GRANT class_teacher TO stranger",), undo=("REVOKE class_teacher FROM stranger",),
         mariadb=("GRANT class_teacher TO stranger@localhost",), undo_mariadb=("REVOKE class_teacher FROM stranger@localhost",)),
    _one("a column too many", "grant", "students.health_reader",
         postgresql=("GRANT SELECT (id_card) ON students TO health_reader",), undo=("REVOKE SELECT (id_card) ON students FROM health_reader",),
         mariadb=("GRANT SELECT (id_card) ON district.students TO health_reader@localhost",), undo_mariadb=("REVOKE SELECT (id_card) ON district.students FROM health_reader@localhost",)),
    _one("open to everybody", "public", "guardians.PUBLIC",
         postgresql=("GRANT SELECT ON guardians TO PUBLIC",), undo=("REVOKE SELECT ON guardians FROM PUBLIC",),
         mariadb=("GRANT SELECT ON district.guardians TO PUBLIC",), undo_mariadb=("REVOKE SELECT ON district.guardians FROM PUBLIC",)),
    _one("a right to hand on", "grant", "visits.roll_app",
         postgresql=("GRANT SELECT ON visits TO roll_app WITH GRANT OPTION",), undo=("REVOKE GRANT OPTION FOR SELECT ON visits FROM roll_app",),
         mariadb=("GRANT SELECT ON district.visits TO roll_app@localhost WITH GRANT OPTION",), undo_mariadb=("REVOKE GRANT OPTION ON district.visits FROM roll_app@localhost",)),
    Change(name="somebody who may do everything", wanted=frozenset({("administrator", "district.vendor")}),
           postgresql=("ALTER ROLE vendor SUPERUSER",), undo=("ALTER ROLE vendor NOSUPERUSER",),
           mariadb=("GRANT SELECT ON *.* TO vendor@localhost",), undo_mariadb=("REVOKE SELECT ON *.* FROM vendor@localhost",)),
    _one("plain values in a sealed column", "plain", "visits.phone",
         postgresql=("UPDATE visits SET phone = '14000000001' WHERE id < 9",), undo=(f"UPDATE visits SET phone = '{SEALED}'",)),
    Change(name="no encryption of tables", wanted=frozenset({("plain", "students"), ("plain", "guardians")}),
           rules=(("encrypted: none", "encrypted: database"),)),
    _one("a guardian who took it back", "guardian", "guardians.agreed_on",
         postgresql=("UPDATE guardians SET withdrawn_on = '2026-01-01' WHERE id = 4",), undo=("UPDATE guardians SET withdrawn_on = NULL",)),
    _one("a pupil without a guardian", "guardian", "guardians.agreed_on",
         postgresql=("UPDATE guardians SET student_id = 0 WHERE id = 4",), undo=("UPDATE guardians SET student_id = 4 WHERE id = 4",)),
    Change(name="a pupil of unknown age", wanted=frozenset(), unknown=frozenset({"guardian"}),
           postgresql=("UPDATE students SET born = NULL WHERE id = 40",), undo=("UPDATE students SET born = '1998-01-01' WHERE id = 40",)),
    _one("somebody who did not agree", "consent", "visits.agreed",
         postgresql=("UPDATE visits SET agreed = 'no' WHERE id = 2",), undo=("UPDATE visits SET agreed = 'yes'",)),
    _one("a record is missing", "record", "district", rules=(("kind: assessment", "kind: notice"),)),
    _one("an audit of the year before last", "record", "district", rules=(("dated: 2026-01-20", "dated: 2024-12-31"),)),
    _one("a record kept too shortly", "record-short", "district", rules=(("kept: 3 years", "kept: 35 months"),)),
    Change(name="a share nobody approved", wanted=frozenset({("share-unapproved", "district"), ("share-beyond", "district")}),
           rules=(("approval: S4", "approval: S9"),)),
    _one("a share of more fields", "share-unapproved", "district", rules=(("fields: [name, born]", "fields: [name, born, id]"),)),
    Change(name="a share that ended, and its rights", wanted=frozenset({("share-ended", "students.health_reader")}),
           rules=(("masked: none, until: 2027-07-31", "masked: none, until: 2026-07-31"),)),
    _one("a contract that ended", "contract-ended", "district", rules=(("number: C1, until: 2027-12-31", "number: C1, until: 2026-01-01"),)),
    _one("a ground of export that ended", "export-ended", "district", rules=(("number: E1, until: 2027-12-31", "number: E1, until: 2026-01-01"),)),
)  # fmt: skip
