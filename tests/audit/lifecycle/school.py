"""A small school in a database of a test's own (all values invented)."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from rules.recognise.personal.validators import id_card_digit


def person(place: int) -> tuple[str, str, str, str]:
    """Number, name, identity number (region 8300, which holds nobody), telephone."""
    body = f"830099{2010 + place % 9}{1 + place % 12:02}{1 + place % 28:02}{place % 1000:03}"
    name = (
        "赵钱孙李周吴郑王"[place % 8]
        + "甲乙丙丁戊己庚辛"[place // 8 % 8]
        + "壬癸子丑寅卯"[place % 6]
    )
    return f"2026{place:06}", name, body + id_card_digit(body), f"1990000{place:04}"


TABLES = (
    "CREATE TABLE class (id INTEGER PRIMARY KEY, class_name VARCHAR(20) NOT NULL)",
    "CREATE TABLE student (id INTEGER PRIMARY KEY, student_no VARCHAR(20) NOT NULL UNIQUE,"
    " xm VARCHAR(10) NOT NULL, sfzh CHAR(18) UNIQUE, phone VARCHAR(11), birthday DATE NOT NULL,"
    " class_id INTEGER NOT NULL, remark VARCHAR(200), secret_level INTEGER NOT NULL,"
    " CONSTRAINT fk_class FOREIGN KEY (class_id) REFERENCES class (id))",
    "CREATE TABLE mark (student_no VARCHAR(20) NOT NULL, subject INTEGER NOT NULL, score INTEGER,"
    " PRIMARY KEY (student_no, subject),"
    " CONSTRAINT fk_no FOREIGN KEY (student_no) REFERENCES student (student_no))",
)
JOIN = (
    "SELECT c.class_name, count(*), sum(CASE WHEN m.score IS NULL THEN 0 ELSE 1 END)"
    " FROM {0}student s JOIN {0}class c ON c.id = s.class_id"
    " JOIN {0}mark m ON m.student_no = s.student_no GROUP BY c.class_name ORDER BY 1"
)
"""A query of the application, over the source or a copy."""


def fill(url: str, people: int = 300) -> None:
    """The school."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO class VALUES (:a, :b)"),
            [{"a": n, "b": f"{n}班"} for n in range(1, 9)],
        )
        found = [person(place) for place in range(people)]
        connection.execute(
            text("INSERT INTO student VALUES (:i, :n, :x, :s, :p, :b, :c, :r, 3)"),
            [
                {"i": place + 1, "n": one[0], "x": one[1], "s": one[2], "p": one[3],
                 "b": f"{one[2][6:10]}-{one[2][10:12]}-{one[2][12:14]}", "c": 1 + place % 8,
                 "r": f"{one[1]}的电话是{one[3]}"}
                for place, one in enumerate(found)
            ],
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO mark VALUES (:n, :s, :v)"),
            [{"n": one[0], "s": s, "v": 60 + place % 40}
             for place, one in enumerate(found) for s in (1, 2)],
        )  # fmt: skip
