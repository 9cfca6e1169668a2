# ruff: noqa: E501 - templates and tables
"""The people of an invented town, their numbers, and numbers that are nobody's.

Everything comes from a seed; nobody's number is looked up or kept. Check digits are computed
here anew, owing nothing to the recognisers. bench/personal_texts2.py and personal_texts3.py
write their texts with it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from rules.recognise.personal.kinds import Kind

FULL = str.maketrans("0123456789X：", "０１２３４５６７８９Ｘ：")
LOOKS = {"0": "O", "1": "l"}  # what a scanner writes for a digit
FAMILY = "许沈韩杨朱秦尤何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐"
DOUBLE = ("欧阳", "司徒", "上官", "诸葛", "皇甫", "令狐")
SECOND = "建国志强桂英秀兰玉梅海燕晓东立新春生永福小红凤霞庆丰家豪俊杰丽娟美玲文静雪梅思远承泽沐阳梓轩一诺可欣若彤"
FAR = ("阿依古丽·买买提", "扎西多吉", "古丽娜尔·吐尔逊", "巴图尔", "卓玛央金", "龙䶮", "赵𠮷祥")
WORDS = ("高明", "黄金", "方向", "安宁", "文章", "马达", "水平", "金融", "华丽", "花朵")
PLACES = (
    ("海南省海口市龙华区", "460106"), ("内蒙古自治区赤峰市红山区", "150402"),
    ("贵州省毕节市七星关区", "520502"), ("辽宁省丹东市振兴区", "210603"),
    ("福建省三明市三元区", "350403"), ("安徽省芜湖市镜湖区", "340202"),
    ("天津市河西区", "120103"), ("上海市徐汇区", "310104"),
    ("广西壮族自治区柳州市鱼峰区", "450203"), ("甘肃省天水市秦州区", "620502"),
    ("江西省赣州市章贡区", "360702"), ("湖南省衡阳市雁峰区", "430406"),
)  # fmt: skip
ROADS = ("国贸大道", "解放西路", "朝阳北街", "花园路", "中山二路", "环城南路", "东风大街", "育才巷")
CARDS = (("622700", 19), ("621226", 19), ("622848", 19), ("621483", 16), ("622908", 18),
         ("625965", 16), ("955880", 19), ("622155", 16), ("621799", 19), ("436742", 16),
         ("356827", 16), ("518710", 16))  # fmt: skip
LEADS = ("131", "132", "134", "136", "137", "145", "151", "153", "155", "157", "162", "165", "167",
         "172", "175", "176", "178", "181", "183", "185", "188", "190", "193", "195")  # fmt: skip
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
Make = Callable[["Town"], str]


def check18(body: str) -> str:
    """GB 11643: the eighteenth sign."""
    total = sum(int(sign) * (2 ** (17 - place) % 11) for place, sign in enumerate(body))
    return "10X98765432"[total % 11]


def luhn(body: str) -> str:
    total = 0
    for place, sign in enumerate(reversed(body)):
        value = int(sign) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def check_code(body: str) -> str:
    """GB 32100: the eighteenth sign."""
    total = sum(USCC.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return USCC[-total % 31]


class Town:
    """The people of one town and what is written about them."""

    def __init__(self, seed: int, people: int = 600) -> None:
        self.chance = Random(seed)
        self.names = tuple(sorted({*FAR, *WORDS, *(self.new_name() for _ in range(people))}))

    def new_name(self) -> str:
        pick = self.chance
        family = pick.choice(DOUBLE) if pick.random() < 0.04 else pick.choice(FAMILY)
        return family + "".join(pick.sample(SECOND, pick.choice((1, 2, 2, 2))))

    def digits(self, count: int) -> str:
        return "".join(self.chance.choice("0123456789") for _ in range(count))

    def one(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def name(self) -> str:
        return self.chance.choice([name for name in self.names if name not in WORDS])

    def birth(self) -> str:
        pick = self.chance
        return f"{pick.randint(1955, 2019)}{pick.randint(1, 12):02}{pick.randint(1, 28):02}"

    def id18(self) -> str:
        body = self.chance.choice(PLACES)[1] + self.birth() + self.digits(3)
        last = check18(body)
        return body + (last.lower() if self.chance.random() < 0.2 else last)

    def id_wrong(self) -> str:
        """Region and date hold, the check digit does not."""
        made = self.id18()
        return made[:-1] + self.chance.choice([one for one in "0123456789" if one != made[-1]])

    def id15(self) -> str:
        return self.chance.choice(PLACES)[1] + self.birth()[2:] + self.digits(3)

    def id_island(self) -> str:
        body = self.one("810000", "820000", "830000") + self.birth() + self.digits(3)
        return body + check18(body)

    def phone(self) -> str:
        number = self.chance.choice(LEADS) + self.digits(8)
        cut = (number[:3], number[3:7], number[7:])
        return self.one(number, number, number, number, number, " ".join(cut), "-".join(cut),
                        f"+86{number}", f"+86 {number}", f"86{number}", f"0086-{number}",
                        number.translate(FULL))  # fmt: skip

    def landline(self) -> str:
        code, rest = self.one("0898", "0476", "022", "021", "0772", "0734"), self.digits(7)
        rest = (
            self.one("2", "6", "8") + rest if len(code) == 3 else self.one("2", "6", "8") + rest[1:]
        )
        return self.one(
            f"{code}-{rest}",
            f"({code}){rest}",
            f"（{code}）{rest}",
            f"{code} {rest}",
            f"{code}{rest}",
        )

    def bank(self) -> str:
        head, length = self.chance.choice(CARDS)
        body = head + self.digits(length - 7)
        body += luhn(body)
        if self.chance.random() < 0.35:
            return " ".join(body[at : at + 4] for at in range(0, length, 4))
        return body

    def credit(self) -> str:
        body = self.one("91", "12", "52", "92", "93") + self.chance.choice(PLACES)[1]
        body += "".join(self.chance.choice(USCC) for _ in range(9))
        return body + check_code(body)

    def plate(self) -> str:
        head = self.one("琼", "蒙", "贵", "辽", "闽", "皖", "津", "沪", "桂", "甘") + self.one(
            *"ABCDEFGH"
        )
        five = self.one(*"ABCDEFGHJKLM0123456789") + self.digits(4)
        return self.one(head + five, head + five, f"{head}·{five}", f"{head}{self.one(*'DF')}{self.digits(5)}",
                        f"{head}{self.digits(4)}学")  # fmt: skip

    def email(self) -> str:
        user = self.one("zhang.wei", "li_na", "office", "xsc", "t2", "a-b", "wl") + self.digits(
            self.chance.choice((0, 2, 4))
        )
        return f"{user}@{self.one('example.com', 'mail.example.cn', 'school.example.edu.cn', 'example.org')}"

    def ip(self) -> str:
        pick = self.chance
        return self.one(f"10.{pick.randint(0, 255)}.{pick.randint(0, 255)}.{pick.randint(1, 254)}",
                        f"192.168.{pick.randint(0, 255)}.{pick.randint(1, 254)}",
                        f"203.0.113.{pick.randint(1, 254)}", f"2001:db8:{pick.randrange(65536):x}::{pick.randrange(1, 65536):x}")  # fmt: skip

    def mac(self) -> str:
        pairs = [f"{self.chance.randrange(256):02x}" for _ in range(6)]
        return self.one(":".join(pairs), "-".join(pairs), ":".join(pairs).upper())

    def passport(self) -> str:
        return self.one("E", "G", "EA", "EK", "EJ")[:2].ljust(1) + self.digits(8)

    def roll(self) -> str:
        body = self.chance.choice(PLACES)[1] + self.birth() + self.digits(3)
        return self.one(
            "G" + body + check18(body), "J" + body + self.digits(1), "L" + body + self.digits(1)
        )

    def address(self) -> str:
        place, number = self.chance.choice(PLACES)[0], self.chance.randint(1, 400)
        pick = self.chance
        return self.one(
            f"{place}{pick.choice(ROADS)}{number}号",
            f"{place}{pick.choice(ROADS)}{number}号{pick.randint(1, 20)}栋{pick.randint(1, 4)}单元{pick.randint(101, 2404)}室",
            f"{place}{self.one('城南', '新华', '湖滨')}街道{pick.choice(ROADS)}{number}号{self.one('书香苑', '金色家园')}{pick.randint(1, 30)}-{pick.randint(1, 6)}-{pick.randint(101, 901)}",
            f"{place}{self.one('白马', '双河')}镇{self.one('大田', '上湾')}村{pick.randint(1, 12)}组{number}号",
        )


GOLD: dict[str, tuple[Kind, Make]] = {
    "id": (Kind.ID_CARD, Town.id18),
    "idw": (Kind.ID_CARD, Town.id_wrong),
    "id15": (Kind.ID_CARD, Town.id15),
    "idi": (Kind.ID_CARD, Town.id_island),
    "ph": (Kind.PHONE, Town.phone),
    "tel": (Kind.LANDLINE, Town.landline),
    "bk": (Kind.BANK_CARD, Town.bank),
    "cc": (Kind.CREDIT_CODE, Town.credit),
    "pl": (Kind.PLATE, Town.plate),
    "em": (Kind.EMAIL, Town.email),
    "ip": (Kind.IP, Town.ip),
    "mac": (Kind.MAC, Town.mac),
    "pp": (Kind.PASSPORT, lambda town: town.one("E", "G") + town.digits(8)),
    "ppa": (Kind.PASSPORT, lambda town: "E" + town.one(*"ABCDEFGHJKLM") + town.digits(7)),
    "hk": (Kind.HK_MACAU_PERMIT, lambda town: town.one("H", "M") + town.digits(8)),
    "hkc": (Kind.HK_MACAU_PERMIT, lambda town: town.one("C" + town.digits(1), "CA", "CD") + town.digits(7)),
    "tw": (Kind.TAIWAN_PERMIT, lambda town: town.digits(8)),
    "twl": (Kind.TAIWAN_PERMIT, lambda town: "L" + town.digits(8)),
    "of": (Kind.OFFICER_ID, lambda town: f"{town.one('军', '南', '北', '空', '海')}字第{town.digits(7)}号"),
    "wx": (Kind.WECHAT, lambda town: town.one("wxid_", "lin-", "Sunny_", "abc") + town.digits(6)),
    "qq": (Kind.QQ, lambda town: town.one(*"123456789") + town.digits(town.chance.choice((6, 8, 9)))),
    "sn": (Kind.STUDENT_NUMBER, lambda town: town.one("2023", "2024", "2025") + town.digits(town.chance.choice((4, 6, 8)))),
    "ex": (Kind.EXAM_NUMBER, lambda town: town.digits(town.chance.choice((9, 10, 12, 14)))),
    "nsn": (Kind.NATIONAL_STUDENT_NUMBER, Town.roll),
    "nm": (Kind.NAME, Town.name),
    "ad": (Kind.ADDRESS, Town.address),
}  # fmt: skip

OTHER: dict[str, Make] = {
    "mph": lambda t: t.one(f"1{t.one(*'3578')}{t.digits(1)}****{t.digits(4)}", f"1{t.one(*'35')}{t.digits(1)}xxxx{t.digits(4)}"),
    "mid": lambda t: t.one(f"4601**********{t.digits(4)}", f"460106********{t.digits(3)}X", f"{t.one('3', '5')}{'*' * 16}{t.digits(1)}"),
    "mbk": lambda t: t.one(f"6227 **** **** {t.digits(4)}", f"622848*********{t.digits(4)}", f"尾号{t.digits(4)}"),
    "mnm": lambda t: t.one("许*国", "张**", "*志强", "李某某", "王×"),
    "express": lambda t: t.one("SF" + t.digits(13), "YT" + t.digits(13), "7" + t.digits(14), "62" + t.digits(11), "JD" + t.digits(13), "43" + t.digits(13), "9" + t.digits(12)),
    "order": lambda t: t.one(f"2026{t.digits(14)}", f"202611{t.chance.randint(10, 28)}{t.digits(10)}", "E" + t.digits(20), t.digits(16), t.digits(12), t.digits(20)),
    "isbn": lambda t: t.one(f"978-7-{t.digits(3)}-{t.digits(5)}-{t.digits(1)}", f"9787{t.digits(9)}", f"ISSN {t.digits(4)}-{t.digits(4)}"),
    "coord": lambda t: t.one(f"116.{t.digits(6)},39.{t.digits(6)}", f"(20.{t.digits(10)}, 110.{t.digits(11)})"),
    "hash": lambda t: "".join(t.chance.choice("0123456789abcdef") for _ in range(t.chance.choice((32, 40, 64)))),
    "version": lambda t: t.one(f"V{t.digits(1)}.{t.digits(1)}.{t.digits(2)}", f"{t.chance.randint(1, 9)}.{t.chance.randint(0, 20)}.{t.chance.randint(0, 9)}.{t.chance.randint(0, 99)}"),
    "chrome": lambda t: f"Chrome/12{t.digits(1)}.0.{t.chance.randint(0, 255)}.{t.chance.randint(0, 255)}",
    "amount": lambda t: t.one(f"{t.chance.randint(1, 9)},{t.digits(3)},{t.digits(3)}.{t.digits(2)}", f"{t.chance.randint(10, 99)}{t.digits(6)}.{t.digits(2)}", f"{t.chance.randint(1, 9)}{t.digits(10)}.00"),
    "date": lambda t: t.one("2026-09-01 12:30:45", "20260901", "2026/3/5", "20261123153022", "2026.09.01", "2026-11-23T15:30:22.123456789"),
    "millis": lambda t: t.one("17" + t.digits(11), "17" + t.digits(8), "16" + t.digits(8)),
    "imei": lambda t: (body := "86" + t.digits(12)) + luhn(body),
    "iccid": lambda t: (body := "898600" + t.digits(12)) + luhn(body),
    "ean": lambda t: "69" + t.digits(11),
    "invoice": lambda t: t.one("0" + t.digits(11), "26" + t.digits(18), t.digits(8)),
    "vin": lambda t: "LSVA" + "".join(t.chance.choice("0123456789ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(13)),
    "snow": lambda t: t.one("1" + t.digits(18), "18" + t.digits(17)),
    "clause": lambda t: f"{t.digits(1)}.{t.chance.randint(1, 9)}.{t.chance.randint(1, 9)}.{t.chance.randint(1, 9)}",
    "school": lambda t: "3" + t.digits(9),
    "hotline": lambda t: t.one("12345", "12355", "400-810-" + t.digits(4), "95588", "120"),
    "long": lambda t: t.digits(t.chance.choice((22, 25, 30))),
    "word": lambda t: t.one(*WORDS),
}  # fmt: skip
