"""A district's database, made from a seed: over twenty tables with traps, and what each column is.

Nobody's numbers: identity numbers of counties that do not exist, mobile numbers of a range that
people are not given, cards whose serial is zero. `write(url, pupils)` fills PostgreSQL, MariaDB
or SQLite; `gold(pupils)` says of each column its kind and the kinds mixed into it.

    python -m bench.district sqlite:////tmp/district.db 1000
"""

# ruff: noqa: E501 - a table of tables
from __future__ import annotations

import io
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from rules.recognise.personal.kinds import Kind as K  # noqa: N817
from rules.recognise.personal.validators import id_card_digit

Gold = K | None | tuple[K | None, frozenset[K]]
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红宇浩然子轩梓涵欣怡雨桐诗雅俊辉思远"
COUNTIES = ("110199", "310198", "330299", "440398", "510199", "500299", "420199", "610198")
RETIRED = ("512399", "372898", "352199", "132899")
ROADS = ("人民路", "建设大道", "青年街", "学府路", "新华街", "滨河东路")
PLACES = ("四川省绵阳市涪城区", "湖北省宜昌市西陵区", "江苏省南通市崇川区", "重庆市渝中区")
SUBJECTS = ("语文", "数学", "英语", "物理", "化学", "历史", "地理", "生物")
NATIONS = ("汉族",) * 8 + ("回族", "苗族", "彝族", "藏族")


class People:
    """Draws values; the same from the same seed."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def name(self) -> str:
        r = self.r
        return r.choice(SURNAMES) + "".join(r.choices(GIVEN, k=r.choice((1, 2, 2))))

    def born(self, low: int = 2008, high: int = 2019) -> str:
        return f"{self.r.randint(low, high)}{self.r.randint(1, 12):02d}{self.r.randint(1, 28):02d}"

    def card(self, low: int = 2008, high: int = 2019, counties: tuple[str, ...] = COUNTIES) -> str:
        body = self.r.choice(counties) + self.born(low, high) + f"{self.r.randint(1, 999):03d}"
        return body + id_card_digit(body)

    def phone(self) -> str:
        return f"140{self.r.randint(0, 99_999_999):08d}"

    def bank(self) -> str:
        body = f"6222020000{self.r.randint(0, 99_999_999):08d}"
        for last in "0123456789":
            if _luhn(body + last):
                return body + last
        return body

    def address(self) -> str:
        r = self.r
        return f"{r.choice(PLACES)}{r.choice(ROADS)}{r.randint(1, 399)}号{r.randint(1, 20)}栋{r.randint(101, 909)}室"

    def credit(self) -> str:
        from rules.recognise.personal.validators import credit_code

        body = f"12{self.r.choice(COUNTIES)}{self.r.randint(0, 999_999_999):09d}"
        return next(
            body + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code(body + last)
        )

    def day(self, low: int = 2022, high: int = 2026) -> str:
        text_ = self.born(low, high)
        return f"{text_[:4]}-{text_[4:6]}-{text_[6:]}"


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One table: columns as (name, type, what it is), and its rows."""

    name: str
    columns: tuple[tuple[str, str, Gold], ...]
    rows: Callable[[People, int], Iterator[tuple[Any, ...]]]
    share: float = 1.0  # rows for each pupil
    key: bool = True  # the first column is the primary key
    links: tuple[tuple[str, str], ...] = ()  # (column, table.id)


def _mix(kind: K | None, *mixed: K) -> Gold:
    return (kind, frozenset(mixed))


def _students(p: People, count: int) -> Iterator[tuple[Any, ...]]:
    for one in range(1, count + 1):
        card = p.card()
        yield (one, p.name(), p.r.choice("男女"), f"{card[6:10]}-{card[10:12]}-{card[12:14]}", card,
               p.r.choice(NATIONS), "G" + card, f"2023{one:06d}", p.address(),
               p.phone() if p.r.random() < 0.7 else None, f"/photo/{one}.jpg", one % 40 + 1)  # fmt: skip


def _notes(p: People, count: int) -> Iterator[tuple[Any, ...]]:
    for one in range(1, count + 1):
        said = p.r.random()
        if said < 0.3:
            word = f"与家长电话沟通，联系电话：{p.phone()}，情绪稳定。"
        elif said < 0.4:
            word = f"转学办理，身份证号：{p.card()}，已核对。"
        else:
            word = p.r.choice(
                (
                    "课堂表现良好，作业按时完成。",
                    "近期迟到较多，已提醒注意作息。",
                    "参加了科技节活动，获得好评。",
                )
            )
        yield one, one, word, p.day()


def _payload(p: People, count: int) -> Iterator[tuple[Any, ...]]:
    for one in range(1, count + 1):
        inner = {"form": "报名", "student": {"姓名": p.name(), "mobile": p.phone()}, "agree": True}
        yield one, json.dumps(inner, ensure_ascii=False), p.day()


def _accounts(p: People, count: int) -> Iterator[tuple[Any, ...]]:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./"
    for one in range(1, count + 1):
        yield (one, f"user{one}", "$2b$12$" + "".join(p.r.choices(letters, k=53)),
               f"user{one}@school.example.edu.cn", p.phone(),
               f"10.{p.r.randint(0, 255)}.{p.r.randint(0, 255)}.{p.r.randint(1, 254)}", p.r.randint(0, 3))  # fmt: skip


def _masked(p: People, count: int) -> Iterator[tuple[Any, ...]]:
    for one in range(1, count + 1):
        card, phone, name = p.card(), p.phone(), p.name()
        yield (
            one,
            name[0] + "*" * (len(name) - 1),
            card[:6] + "********" + card[14:],
            phone[:3] + "****" + phone[7:],
        )


def _each(
    make: Callable[[People, int], tuple[Any, ...]],
) -> Callable[[People, int], Iterator[tuple[Any, ...]]]:
    def rows(p: People, count: int) -> Iterator[tuple[Any, ...]]:
        for one in range(1, count + 1):
            yield (one, *make(p, one))

    return rows


I, T, D = "bigint", "text", "double precision"  # noqa: E741
TABLES: tuple[Made, ...] = (
    Made(name="schools", share=0, columns=(("id", I, None), ("xxmc", T, K.SCHOOL), ("tyshxydm", T, K.CREDIT_CODE), ("xxdz", T, K.ADDRESS), ("bgdh", T, K.LANDLINE), ("yzbm", T, K.POSTCODE)),
         rows=_each(lambda p, one: (f"第{one}实验{p.r.choice(('小学', '中学'))}", p.credit(), p.address(), f"0816-{p.r.randint(2000000, 8999999)}", f"{p.r.randint(100000, 699999)}"))),
    Made(name="classes", share=0, columns=(("id", I, None), ("school_id", I, None), ("bjmc", T, K.CLASS), ("bzr", T, K.NAME), ("学期", T, None)),
         rows=_each(lambda p, one: (one % 20 + 1, f"{p.r.choice('七八九')}年级({p.r.randint(1, 12)})班", p.name(), "2025-2026-1")), links=(("school_id", "schools"),)),
    Made(name="students", columns=(("id", I, None), ("xm", T, K.NAME), ("xb", T, K.SEX), ("csrq", "date", K.BIRTH_DATE), ("sfzjh", T, K.ID_CARD), ("mz", T, K.ETHNICITY), ("xjh", T, K.NATIONAL_STUDENT_NUMBER), ("xh", T, K.STUDENT_NUMBER), ("jtzz", T, K.ADDRESS), ("lxdh", T, K.PHONE), ("zp", T, K.PHOTO), ("class_id", I, None)),
         rows=_students, links=(("class_id", "classes"),)),
    Made(name="guardians", columns=(("id", I, None), ("student_id", I, None), ("jhrxm", T, K.GUARDIAN_NAME), ("gx", T, K.KINSHIP), ("jhrsjh", T, K.GUARDIAN_PHONE), ("jhrsfzh", T, K.GUARDIAN_ID), ("工作单位", T, None)),
         rows=_each(lambda p, one: (one, p.name(), p.r.choice(("父亲", "母亲", "祖父")), p.phone(), p.card(1975, 1992), p.r.choice(("市机械厂", "个体经营", "务农", "县供销社")))), links=(("student_id", "students"),)),
    Made(name="enrolment", columns=(("id", I, None), ("student_id", I, None), ("enrol_date", "date", None), ("status", T, None), ("毕业学校", T, K.SCHOOL)),
         rows=_each(lambda p, one: (one, p.day(), p.r.choice(("在读", "休学", "转出")), f"第{p.r.randint(1, 60)}实验小学")), links=(("student_id", "students"),)),
    Made(name="scores", share=3, columns=(("id", I, None), ("student_id", I, None), ("km", T, None), ("cj", "numeric(5,1)", K.SCORE), ("zkzh", T, K.EXAM_NUMBER), ("xq", T, None)),
         rows=_each(lambda p, one: ((one - 1) // 3 + 1, p.r.choice(SUBJECTS), p.r.randint(60, 1000) / 10, f"5101{p.r.randint(10**7, 10**8 - 1)}", "2025-1")), links=(("student_id", "students"),)),
    Made(name="health_checks", columns=(("id", I, None), ("student_id", I, None), ("height", "numeric(5,1)", K.HEALTH), ("zysl", "numeric(3,1)", K.HEALTH), ("血型", T, K.HEALTH), ("gms", T, K.HEALTH), ("jkzk", T, K.HEALTH), ("检查日期", T, None)),
         rows=_each(lambda p, one: (one, p.r.randint(1100, 1800) / 10, p.r.randint(40, 53) / 10, p.r.choice(("A", "B", "O", "AB")), p.r.choice(("无", "青霉素过敏", "花生过敏")), p.r.choice(("健康或良好", "一般或较弱")), p.day().replace("-", "/")))),
    Made(name="aid", share=0.2, columns=(("id", I, None), ("student_id", I, None), ("kndj", T, K.FAMILY_ECONOMY), ("jtnsr", "numeric(10,2)", K.FAMILY_ECONOMY), ("yhkh", T, K.BANK_CARD), ("amount", "numeric(8,2)", None), ("是否孤儿", T, K.FAMILY_ECONOMY)),
         rows=_each(lambda p, one: (one, p.r.choice(("特别困难", "比较困难", "一般困难")), p.r.randint(4000, 60000), p.bank(), p.r.choice((500, 750, 1000)), p.r.choice("是否")))),
    Made(name="teachers", share=0.05, columns=(("id", I, None), ("teacher_name", T, K.NAME), ("gender", T, K.SEX), ("id_card", T, K.ID_CARD), ("mobile", T, K.PHONE), ("email", T, K.EMAIL), ("zzmm", T, K.POLITICAL_STATUS), ("职称", T, None), ("byxx", T, K.SCHOOL), ("工资卡", T, K.BANK_CARD)),
         rows=_each(lambda p, one: (p.name(), p.r.choice(("1", "2")), p.card(1965, 2000), p.phone(), f"t{one}@mail.example.com", p.r.choice(("中共党员", "群众", "共青团员")), p.r.choice(("一级教师", "高级教师")), p.r.choice(("西部师范大学", "江北师范学院")), p.bank()))),
    Made(name="accounts", columns=(("id", I, None), ("username", T, None), ("pwd_hash", T, K.PASSWORD), ("email", T, K.EMAIL), ("phone", T, K.PHONE), ("last_ip", T, K.IP), ("status", "int", None)), rows=_accounts),
    Made(name="login_logs", share=2, columns=(("id", I, None), ("account_id", I, None), ("client_ip", T, K.IP), ("mac", T, K.MAC), ("user_agent", T, None), ("trace", T, K.UUID), ("created_at", T, None)),
         rows=_each(lambda p, one: (p.r.randint(1, 1000), f"10.1.{p.r.randint(0, 255)}.{p.r.randint(1, 254)}", ":".join(f"{p.r.randint(0, 255):02x}" for _ in range(6)), "Mozilla/5.0 (X11; Linux x86_64)", f"{p.r.getrandbits(32):08x}-{p.r.getrandbits(16):04x}-4{p.r.getrandbits(12):03x}-a{p.r.getrandbits(12):03x}-{p.r.getrandbits(48):012x}", p.day() + " 08:01:02")), links=(("account_id", "accounts"),)),
    Made(name="来访登记", share=0.1, columns=(("编号", I, None), ("姓名", T, K.NAME), ("车牌号", T, K.PLATE), ("联系电话", T, K.PHONE), ("事由", T, None), ("来访时间", T, None)),
         rows=_each(lambda p, one: (p.name(), f"川B{p.r.choice('ABCD')}{p.r.randint(1000, 9999)}", p.phone(), p.r.choice(("开家长会", "送物品", "设备检修")), p.day()))),
    Made(name="counselling", share=0.3, columns=(("id", I, None), ("student_id", I, None), ("内容", T, _mix(None, K.PHONE, K.ID_CARD)), ("日期", T, None)), rows=_notes),
    Made(name="feedback", share=0.3, columns=(("id", I, None), ("payload", "json", _mix(None, K.PHONE, K.NAME)), ("created_at", "date", None)), rows=_payload),
    Made(name="archive_2009", columns=(("id", I, None), ("xm", T, K.NAME), ("sfz", T, K.ID_CARD), ("csny", T, K.BIRTH_DATE), ("jg", T, K.NATIVE_PLACE)),
         rows=_each(lambda p, one: (p.name(), p.card(1990, 2002, RETIRED), f"{p.r.randint(1990, 2002)}年{p.r.randint(1, 12)}月", p.r.choice(("四川绵阳", "湖北宜昌", "江苏南通"))))),
    Made(name="students_test", columns=(("id", I, None), ("xm", T, K.NAME), ("sfzjh", T, K.ID_CARD), ("lxdh", T, K.PHONE)), rows=_masked),
    Made(name="export_tmp", share=0.5, columns=(("id", I, None), ("phone", T, K.ID_CARD), ("sfzh", T, K.PHONE), ("name", T, K.SCHOOL), ("email", T, None), ("c5", T, K.ETHNICITY)),
         rows=_each(lambda p, one: (p.card(), p.phone(), f"第{p.r.randint(1, 40)}实验中学", p.r.choice(("已发送", "未发送")), p.r.choice(NATIONS)))),
    Made(name="excel_import", share=0.5, columns=(("id", I, None), ("sfzh", D, K.ID_CARD), ("lxdh", D, K.PHONE), ("列3", T, K.NAME), ("csrq", T, K.BIRTH_DATE)),
         rows=_each(lambda p, one: (float(p.card()[:17] + "0"), float(p.phone()), p.name(), p.born()))),
    Made(name="enrol_2026_new", share=0, columns=(("xm", T, K.NAME), ("sfzjh", T, K.ID_CARD), ("jtdz", T, K.ADDRESS)), rows=lambda p, count: iter(()), key=False),
    Made(name="face_gate", share=0.3, columns=(("id", I, None), ("student_id", I, None), ("照片", "bytea", K.PHOTO), ("face_feature", "bytea", K.BIOMETRIC)),
         rows=_each(lambda p, one: (one, b"\xff\xd8\xff\xe0" + p.r.randbytes(40), b"\x00\xfe" + p.r.randbytes(62)))),
    Made(name="bus_track", share=0.5, columns=(("id", I, None), ("student_id", I, None), ("lng", "numeric(9,6)", K.LOCATION), ("lat", "numeric(9,6)", K.LOCATION), ("at", T, None)),
         rows=_each(lambda p, one: (one, 104 + p.r.randint(1, 999999) / 1e6, 31 + p.r.randint(1, 999999) / 1e6, p.day() + "T07:10:00"))),
    Made(name="canteen_orders", columns=(("id", I, None), ("order_no", T, None), ("tracking_no", T, None), ("amount", "numeric(8,2)", None), ("菜品", T, None)),
         rows=_each(lambda p, one: (f"2026{p.r.randint(1301, 9931)}{p.r.randint(10**9, 10**10 - 1)}", f"SF{p.r.randint(10**12, 10**13 - 1)}", p.r.randint(500, 2000) / 100, p.r.choice(("米饭套餐", "面条", "水果"))))),
    Made(name="books", share=0.3, columns=(("id", I, None), ("isbn", T, None), ("书名", T, None), ("author", T, None)),
         rows=_each(lambda p, one: (f"978{p.r.randint(10**9, 10**10 - 1)}", p.r.choice(("数学游戏", "昆虫记", "海底两万里", "城南旧事")), p.name()))),
    Made(name="discipline", share=0.1, columns=(("id", I, None), ("student_id", I, None), ("cflx", T, K.PUNISHMENT), ("reason", T, None)),
         rows=_each(lambda p, one: (one, p.r.choice(("警告", "严重警告", "记过")), p.r.choice(("考试违纪", "多次迟到", "损坏公物"))))),
    Made(name="survey", share=0.3, columns=(("id", I, None), ("xbm", T, K.SEX), ("mzm", T, K.ETHNICITY), ("宗教信仰", T, K.RELIGION), ("年龄", "int", K.AGE), ("q1", "int", None)),
         rows=_each(lambda p, one: (p.r.choice("12"), f"{p.r.randint(1, 56):02d}", p.r.choice(("无宗教信仰", "佛教", "伊斯兰教")), p.r.randint(7, 18), p.r.randint(1, 5)))),
    Made(name="contacts_mixed", share=0.3, columns=(("id", I, None), ("联系方式", T, _mix(K.PHONE, K.ID_CARD)), ("值", T, K.PHONE), ("微信号", T, K.WECHAT), ("空列", T, None)),
         rows=_each(lambda p, one: (p.card() if one % 16 == 0 else p.phone(), p.phone(), f"wx_{p.r.randint(10**6, 10**8)}", None))),
    Made(name="devices", share=0.05, columns=(("id", I, None), ("ip_address", T, K.IP), ("hwaddr", T, K.MAC), ("device_name", T, None), ("serial_no", T, None), ("version", T, None)),
         rows=_each(lambda p, one: (f"192.0.2.{p.r.randint(1, 254)}", "-".join(f"{p.r.randint(0, 255):02X}" for _ in range(6)), f"PC-{one}", f"SN{p.r.randint(10**8, 10**9)}", f"1.{p.r.randint(0, 9)}.{p.r.randint(0, 20)}"))),
)  # fmt: skip
FIXED = {"schools": 20, "classes": 40, "enrol_2026_new": 0}


def size(table: Made, pupils: int) -> int:
    """Rows of a table for so many pupils."""
    return FIXED.get(table.name, max(1, int(table.share * pupils)))


def gold() -> dict[tuple[str, str], tuple[K | None, frozenset[K]]]:
    """(table, column) → its kind and the kinds mixed into it."""
    return {
        (table.name, name): said if isinstance(said, tuple) else (said, frozenset())
        for table in TABLES for name, _, said in table.columns
    }  # fmt: skip


def write(url: str, pupils: int, seed: int = 7) -> int:
    """Fill an empty database. Gives the number of rows."""
    made = make_url(url)
    backend = made.get_backend_name()
    engine = create_engine(made)
    total = 0
    quote = "`" if backend in ("mysql", "mariadb") else '"'
    for place, table in enumerate(TABLES):
        listed = ", ".join(
            f"{quote}{name}{quote} {_type(type_, backend)}" for name, type_, _ in table.columns
        )
        key = f", PRIMARY KEY ({quote}{table.columns[0][0]}{quote})" if table.key else ""
        keys = "".join(
            f", FOREIGN KEY ({column}) REFERENCES {other}(id)" for column, other in table.links
        )
        count = size(table, pupils)
        with engine.begin() as connection:
            connection.execute(
                text(
                    f"CREATE TABLE {quote}{table.name}{quote} ({listed}{key}{keys if backend == 'postgresql' and pupils >= 1000 else ''})"
                )
            )
        rows = table.rows(People(seed * 1000 + place), count)
        _fill(engine, backend, quote, table, rows)
        total += count
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW v_students AS SELECT id, xm, sfzjh FROM students"))
    if backend == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    engine.dispose()
    return total


def _type(name: str, backend: str) -> str:
    if backend in ("mysql", "mariadb"):
        return {"bytea": "blob", "json": "longtext", "double precision": "double"}.get(name, name)
    if backend == "sqlite":
        return {"bytea": "blob", "json": "json"}.get(name, "integer" if name == "bigint" else name)
    return "jsonb" if name == "json" else name


def _fill(
    engine: Any, backend: str, quote: str, table: Made, rows: Iterator[tuple[Any, ...]]
) -> None:
    raw = engine.raw_connection()
    cursor = raw.cursor()
    names = ", ".join(f"{quote}{name}{quote}" for name, _, _ in table.columns)
    place = f"{quote}{table.name}{quote}"
    while batch := [row for _, row in zip(range(20_000), rows, strict=False)]:
        if backend == "postgresql":
            lines = "".join("\t".join(map(_copied, row)) + "\n" for row in batch)
            cursor.execute(f"COPY {place} ({names}) FROM STDIN", stream=io.BytesIO(lines.encode()))
        else:
            mark = "?" if backend == "sqlite" else "%s"
            marks = ", ".join([mark] * len(table.columns))
            cursor.executemany(f"INSERT INTO {place} ({names}) VALUES ({marks})", batch)
    raw.commit()
    raw.close()


def _copied(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value).replace("\\", "\\\\").replace("\t", " ").replace("\n", "\\n")


if __name__ == "__main__":
    print(write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000))
