"""Texts of a school district with invented personal data and exact places of it.

Written apart from the recognisers: forms, notices, chats, scanned pages, JSON, SQL, CSV and log
lines, and hard negatives (waybills beginning with 62, numbers with wrong check digits, versions,
half-masked values). Everything is made from a seed; nobody's number is looked up or kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.validators import id_card_digit

Gold = tuple[Kind, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A text and what is in it."""

    text: str
    gold: tuple[Gold, ...]
    hard: bool = False


WIDE = {ord(one): ord(one) + 0xFEE0 for one in "0123456789"}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余"
GIVEN = "子涵梓萱浩宇欣怡雨泽诗涵思源佳琪嘉懿俊熙语嫣博文雅静晨曦若曦宸睿可馨奕辰书瑶明哲"
STREETS = ("人民路", "建设大道", "青年街", "沿江北路", "和平巷", "学府路", "新华街", "滨河东路")
COUNTIES = ("四川省绵阳市涪城区", "湖北省宜昌市西陵区", "江苏省南通市崇川区", "重庆市渝中区",
            "广东省佛山市南海区", "山东省潍坊市奎文区", "北京市海淀区", "云南省大理州大理市")  # fmt: skip  # noqa: E501
HEADS = (11, 13, 21, 31, 32, 33, 34, 37, 41, 42, 43, 44, 50, 51, 53, 61)
MOBILES = ("130", "133", "135", "138", "139", "147", "150", "152", "158", "159", "166", "173",
           "177", "180", "186", "187", "189", "191", "198", "199")  # fmt: skip
BINS = (("622202", 19), ("622848", 19), ("621700", 19), ("622588", 16), ("621661", 19),
        ("622262", 19), ("621799", 19), ("436742", 16))  # fmt: skip
ORGANISATION = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class People:
    """Makes values of every kind from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.names = sorted({self.name() for _ in range(2000)})

    def digits(self, count: int) -> str:
        return "".join(self.chance.choices("0123456789", k=count))

    def name(self) -> str:
        given = "".join(self.chance.choices(GIVEN, k=self.chance.choice((1, 2, 2, 2))))
        return self.chance.choice(SURNAMES) + given

    def birthday(self) -> str:
        c = self.chance
        return f"{c.randint(1958, 2018)}{c.randint(1, 12):02d}{c.randint(1, 28):02d}"

    def region(self) -> str:
        return f"{self.chance.choice(HEADS)}99{self.chance.randint(1, 99):02d}"

    def id_card(self) -> str:
        body = self.region() + self.birthday() + self.digits(3)
        return body + id_card_digit(body)

    def id_card_lower(self) -> str:
        while True:
            made = self.id_card()
            if made.endswith("X"):
                return made.lower()

    def id_card_spaced(self) -> str:
        made = self.id_card()
        return f"{made[:6]} {made[6:14]} {made[14:]}"

    def id_card15(self) -> str:
        return self.region() + self.birthday()[2:] + self.digits(3)

    def phone(self) -> str:
        return self.chance.choice(MOBILES) + self.digits(8)

    def phone_styled(self) -> str:
        one = self.phone()
        return self.chance.choice(
            (f"{one[:3]}-{one[3:7]}-{one[7:]}", f"{one[:3]} {one[3:7]} {one[7:]}", f"+86{one}",
             f"+86 {one}", f"+86-{one}", f"0086{one}", f"86-{one}", one.translate(WIDE),
             f"(+86){one}", f"+86 {one[:3]} {one[3:7]} {one[7:]}")
        )  # fmt: skip

    def landline(self) -> str:
        c = self.chance
        code = c.choice(("010", "021", "023", "028", "0717", "0816", "0755", "0513"))
        rest = str(c.randint(2, 8)) + self.digits(7 if len(code) == 3 else 6)
        return c.choice((f"{code}-{rest}", f"({code}){rest}", f"{code} {rest}", f"{code}{rest}",
                         f"（{code}）{rest}", f"{code}-{rest}-{self.digits(3)}",
                         f"+86-{code[1:]}-{rest}", f"{code}－{rest}"))  # fmt: skip

    def bank_card(self) -> str:
        head, size = self.chance.choice(BINS)
        body = head + self.digits(size - 7)
        total = 0
        for place, digit in enumerate(reversed(body)):
            value = int(digit) * (1 if place % 2 else 2)
            total += value - 9 if value > 9 else value
        return body + str(-total % 10)

    def bank_card_spaced(self) -> str:
        return " ".join(re.findall("....?", self.bank_card()))

    def credit_code(self) -> str:
        c = self.chance
        body = c.choice(("12", "91", "92", "52")) + self.region()
        body += "".join(c.choices(ORGANISATION, k=9))
        total = sum(ORGANISATION.index(one) * pow(3, at, 31) for at, one in enumerate(body))
        return body + ORGANISATION[-total % 31]

    def plate(self) -> str:
        c = self.chance
        head = c.choice("京沪渝苏鄂川粤鲁云") + c.choice("ABCDEFG")
        tail = c.choice("DF") + self.digits(5) if c.random() < 0.3 else (
            c.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") + self.digits(4))  # fmt: skip
        return head + c.choice(("", "", "·")) + tail

    def email(self) -> str:
        c = self.chance
        user = "".join(c.choices("abcdefghijkmnprstuvwxyz", k=c.randint(3, 8)))
        user += c.choice(("", ".", "_", "-")) + self.digits(c.randint(1, 4))
        return f"{user}@{c.choice(('example.com', 'mail.example.cn', 'school.example.edu.cn'))}"

    def passport(self) -> str:
        return self.chance.choice(
            ("E" + self.digits(8), "G" + self.digits(8), "EB" + self.digits(7))
        )

    def hk_macau_permit(self) -> str:
        return self.chance.choice("HMC") + self.digits(8)

    def taiwan_permit(self) -> str:
        return self.chance.choice("123456789") + self.digits(7)

    def officer_id(self) -> str:
        return f"{self.chance.choice(('军', '士', '文'))}字第{self.digits(7)}号"

    def ip(self) -> str:
        c = self.chance
        return f"10.{c.randint(0, 255)}.{c.randint(0, 255)}.{c.randint(1, 254)}"

    def ipv6(self) -> str:
        return f"2001:db8:{self.chance.randint(1, 65535):x}::{self.chance.randint(1, 65535):x}"

    def mac(self) -> str:
        sign = self.chance.choice(":-")
        return sign.join(f"{self.chance.randint(0, 255):02X}" for _ in range(5)) + f"{sign}1A"

    def wechat(self) -> str:
        return "".join(self.chance.choices("abcdefghjkmnp", k=5)) + "_" + self.digits(3)

    def qq(self) -> str:
        return self.chance.choice("123456789") + self.digits(self.chance.randint(6, 9))

    def student_number(self) -> str:
        return f"20{self.chance.randint(15, 26)}{self.digits(self.chance.randint(4, 6))}"

    def exam_number(self) -> str:
        return self.digits(self.chance.choice((9, 10, 12, 14)))

    def national_student_number(self) -> str:
        c = self.chance
        return c.choice(
            ("G" + self.id_card(), "L" + self.region() + self.birthday() + self.digits(4))
        )

    def address(self) -> str:
        c = self.chance
        where = f"{c.choice(COUNTIES)}{c.choice(STREETS)}{c.randint(1, 399)}号"
        return where + c.choice(("", f"{c.randint(1, 20)}栋{c.randint(1, 4)}单元{c.randint(101, 3304)}室",  # noqa: E501
                                 f"阳光花园{c.randint(1, 9)}幢{c.randint(101, 909)}"))  # fmt: skip

    def known_name(self) -> str:
        return self.chance.choice(self.names)


MAKERS: dict[str, tuple[Kind, Callable[[People], str]]] = {
    "id": (Kind.ID_CARD, People.id_card), "idx": (Kind.ID_CARD, People.id_card_lower),
    "ids": (Kind.ID_CARD, People.id_card_spaced), "id15": (Kind.ID_CARD, People.id_card15),
    "phone": (Kind.PHONE, People.phone), "phones": (Kind.PHONE, People.phone_styled),
    "land": (Kind.LANDLINE, People.landline), "bank": (Kind.BANK_CARD, People.bank_card),
    "banks": (Kind.BANK_CARD, People.bank_card_spaced),
    "code": (Kind.CREDIT_CODE, People.credit_code), "plate": (Kind.PLATE, People.plate),
    "mail": (Kind.EMAIL, People.email), "passport": (Kind.PASSPORT, People.passport),
    "hk": (Kind.HK_MACAU_PERMIT, People.hk_macau_permit),
    "tw": (Kind.TAIWAN_PERMIT, People.taiwan_permit),
    "officer": (Kind.OFFICER_ID, People.officer_id), "ip": (Kind.IP, People.ip),
    "ip6": (Kind.IP, People.ipv6), "mac": (Kind.MAC, People.mac),
    "wx": (Kind.WECHAT, People.wechat), "qq": (Kind.QQ, People.qq),
    "xh": (Kind.STUDENT_NUMBER, People.student_number),
    "kh": (Kind.EXAM_NUMBER, People.exam_number),
    "xj": (Kind.NATIONAL_STUDENT_NUMBER, People.national_student_number),
    "addr": (Kind.ADDRESS, People.address), "name": (Kind.NAME, People.known_name),
}  # fmt: skip

TEMPLATES = (
    # forms
    "姓名：{name} 性别：女 身份证件号：{id} 联系电话：{phone} 家庭住址：{addr}",
    "学生姓名：{name}，学号：{xh}，全国学籍号：{xj}，监护人手机：{phones}。",
    "户主{name}，公民身份号码{id}，联系方式{phone}，开户银行卡号{bank}",
    "【转学申请】{name}（学籍号 {xj}）现住址：{addr}；家长电话 {phone}",
    "报名表\n考生姓名\t{name}\n准考证号\t{kh}\n身份证号\t{idx}\n手机\t{phone}\n",
    "港澳学生 {name}，来往内地通行证号码：{hk}，护照号：{passport}，邮箱：{mail}",
    "台湾学生{name}，台胞证号：{tw}；监护人电话：{phone}",
    "资助对象{name}同学，银行卡 {banks}，身份证 {ids}，核对无误后发放。",
    "教职工：{name}；工资卡：{bank}；车牌：{plate}；办公电话：{land}",
    "军人子女优待：{name}，军官证{officer}，电话{phone}",
    "供货单位统一社会信用代码：{code}，联系人：{name}，电话：{land}，邮箱：{mail}",
    "老同志登记：身份证号（旧） {id15}，住宅电话 {land}。",
    # notices and chat
    "请各位家长加班主任微信：{wx}，或拨打{phone}联系{name}老师，谢谢配合！",
    "@全体成员 有事找我 {phones} 或者QQ：{qq} 微信号{wx}",
    "明早七点集合，带队老师{name}，手机{phone}，大巴车牌{plate}。",
    "我叫{name}，我的电话是{phone}，麻烦拉我进群",
    "咨询电话：{land}、{land}，邮箱{mail}。",
    "家长好，孩子{name}的准考证号是{kh}，考场在三楼。",
    "报销请转{bank}（{name}），谢谢",
    "接送车辆为{plate}，司机{name}师傅，电话{phone}。",
    "小区门禁录入：{name}{phone}{addr}",
    # machine text
    '{{"student_name":"{name}","id_card":"{id}","mobile":"{phone}","email":"{mail}"}}',
    '{{"xh": "{xh}", "xm": "{name}", "sfzh": "{idx}", "lxdh": "{phone}", "yhkh": "{bank}"}}',
    "INSERT INTO t_student (xm, sfzh, sjh) VALUES ('{name}', '{id}', '{phone}');",
    "GET /api/user?phone={phone}&id_card={id}&from=app HTTP/1.1 client_ip={ip}",
    "2026-03-02 08:15:22,{name},{id},{phone},{mail}",
    "{name}|{phone}|{bank}|{plate}",
    "login ok user={mail} ip={ip} mac={mac} ua=okhttp/4.9.3",
    "peer {ip6} 登录，设备网卡地址 {mac}，账户邮箱 {mail}",
    "tel:{phone};fax:{land}",
    "<td>{name}</td><td>{id}</td><td>{phone}</td>",
    # scanned pages
    "姓 名 ： {name}\n身 份 证 号 ： {id}\n联 系 电 话 ： {phone}",
    "电话 : {phones}   传真 : {land}",
    "卡号 ： {banks}  开户行 ： 营业部",
    "住址:{addr} 邮编：100000 电话{phone}",
    "身份证号码为{id}的{name}同学，请于今日到教务处。",
)  # fmt: skip

HARD = (
    "快递单号62{d17}已揽收，订单编号：{d18}，预计明日送达。",
    "运单 62{d14} 在途",
    "订单{d18}已支付，交易号：{d20}",
    "流水号 {badid} 对账不平",
    "ISBN 978-7-04-0{d3}98-{d1}，定价39.80元",
    "版本 10.2.{d2}.{d1} 已发布，构建号 {d8}",
    "时间戳 16{d11} 与 20260302081522 不一致",
    "见第3.2.1.4节和图 12.3.4.1",
    "圆周率 3.14159265358979323846，误差 0.{d15}",
    "联系电话 138****5678，身份证 110101********1234，卡号 6222 **** **** 1234",
    "家长手机：1**********，尾号5678",
    "第{d4}号文件，京教发〔2026〕12号，共{d5}份",
    "设备序列号 SN{d13}，资产编号 {d11}",
    "比分 21-19-21，得分 98.5 分，排名 12/345",
    "商品条码 690{d10}，批次号 {d12}",
    "发票代码 0{d11}，发票号码 {d8}，金额 1,234,567.89 元",
    "2026-03-02 至 2026-07-10，共 19 周，每周 5 天",
    "机器 hash=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "坐标 30.{d6},104.{d6}，高程 512.35 米",
    "Chrome/120.0.6099.109 Safari/537.36",
    "课程代码 {d6}，教室 3-402，座位 07 排 11 列",
    "验证码 {d6}，请勿告诉他人，5 分钟内有效",
    "备案号：京ICP备{d8}号，许可证号 {d12}",
    "文件大小 {d10} 字节，共 {d7} 行",
    "图书编号 G{d8}A，索书号 G633.{d2}/{d3}",
    "合同编号 HT{d14}，合同金额 {d9} 元",
    "公式 12 345 678 + 98 765 432 = 111 111 110",
    "@media (max-width: 768px) {{ a:hover {{ color: #1a2b3c }} }}",
    "2026/03/02 08:15:22.123456 INFO 13800 rows in 512 ms",
    "端口 8080，进程号 {d5}，请求数 {d10}",
)  # fmt: skip
PROSE = (
    "学校高度重视校园安全工作，坚持每周排查隐患，落实值班值守制度，确保师生平安。",
    "春季运动会将在操场举行，各班按照要求组织训练，注意防暑降温和饮水卫生。",
    "本学期图书馆新增图书若干册，欢迎同学们课余时间前来阅读，爱护书籍。",
    "教研组围绕核心素养开展集体备课，交流课堂教学经验，推进教学方式改革。",
    "食堂每日公示菜谱和食材来源，接受家长委员会监督，保证食品安全。",
    "请同学们合理安排作息，少用电子产品，坚持体育锻炼，保护视力。",
    "根据上级文件精神，现就做好防汛工作的有关事项通知如下，请认真贯彻执行。",
    "社团活动丰富多彩，书法、合唱、机器人等项目吸引了许多同学参加。",
)
_SLOT = re.compile(r"\{\{|\}\}|\{([a-z0-9]+)\}")


def fill(template: str, people: People) -> Sample:
    """A template with its values, and where they came to stand."""
    parts: list[str] = []
    gold: list[Gold] = []
    size = done = 0
    for slot in _SLOT.finditer(template):
        parts.append(template[done : slot.start()])
        size += slot.start() - done
        done = slot.end()
        name = slot.group(1)
        if name is None:
            value = slot.group()[0]
        elif name in MAKERS:
            kind, make = MAKERS[name]
            value = make(people)
            gold.append((kind, size, size + len(value)))
        elif name == "badid":
            value = people.id_card()
            value = value[:-1] + ("7" if value[-1] != "7" else "3")
        else:
            value = people.digits(int(name[1:]))
        parts.append(value)
        size += len(value)
    parts.append(template[done:])
    return Sample(text="".join(parts), gold=tuple(gold))


def samples(seed: int, count: int) -> Iterator[tuple[Sample, People]]:
    """Single lines: two thirds with data, one third hard negatives."""
    people = People(seed)
    for number in range(count):
        hard = number % 3 == 2
        made = fill(people.chance.choice(HARD if hard else TEMPLATES), people)
        yield Sample(text=made.text, gold=made.gold, hard=hard), people


def paragraphs(seed: int, count: int, density: float = 1.0) -> list[Sample]:
    """Paragraphs of about 500 bytes; of those with data, each has about eleven hits."""
    people = People(seed)
    made = []
    for _ in range(count):
        text, gold = "", []
        dense = people.chance.random() < density
        while len(text.encode()) < 450:
            if dense and len(gold) < 11:
                one = fill(people.chance.choice(TEMPLATES), people)
            else:
                one = Sample(text=people.chance.choice(PROSE), gold=())
            gold += [(kind, low + len(text), high + len(text)) for kind, low, high in one.gold]
            text += one.text + people.chance.choice("\n；")
        made.append(Sample(text=text, gold=tuple(gold)))
    return made
