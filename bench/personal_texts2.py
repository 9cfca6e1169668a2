# ruff: noqa: E501 - templates and tables
"""A second set of texts with invented personal data, written without reading the recognisers.

Its words, forms, check digits and traps owe nothing to personal_texts.py: letters home, class
group chats, 接龙 lists, scanned forms, logs, exports, JSON and SQL; noise as scanners make it
(full width, spaces and line ends inside numbers, letters for digits); school-roll numbers with
G, J and L; values masked already; and numbers of other kinds as traps. Everything comes from
a seed; nobody's number is looked up or kept. bench/personal.py --texts 2 measures with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from bench.personal_texts import Gold, Sample
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

LINES = (
    "{nm}家长您好，孩子今天没到校，请速回电 {tel} 或 {ph}。",
    "【接龙】1. {nm} {ph}\n2. {nm} {ph}\n3. {nm} {ph}",
    "我是{nm}的妈妈，手机号换成{ph}了，麻烦老师改一下。",
    "班主任{nm}，办公电话{tel}，邮箱{em}",
    "学生姓名：{nm}\n证件类型：居民身份证\n证件号码：{id}\n监护人：{nm}\n联系电话：{ph}",
    "报名序号12 姓名 {nm} 性别 女 身份证号码 {id} 家庭住址 {ad}",
    "兹有我校学生{nm}（身份证号：{id}），因病休学一年，特此证明。",
    "{nm}，男，2011年生，身份证{id}，现住{ad}。",
    "老证件号码{id15}已换发为{id}，请更新档案。",
    "身份证号：{id15}（旧）",
    "港澳台居民居住证：{idi}，持证人{nm}",
    "录入员填的身份证号是{idw}，系统提示校验失败。",
    "家长{nm}，往来港澳通行证号码{hkc}，护照号{pp}",
    "护照：{ppa}，有效期至2031年",
    "passport no. {pp}",
    "港澳居民来往内地通行证 {hk} 姓名 {nm}",
    "台胞证号：{tw}，联系人{nm}",
    "大陆居民往来台湾通行证号：{twl}",
    "军人子女优待：父亲军官证号 {of}，姓名{nm}",
    "奖学金请打到银行卡 {bk}，户名{nm}",
    "开户行：建设银行城南支行，账号：{bk}",
    "卡号{bk}已绑定。",
    "我的工行卡是{bk}，别打错了",
    "供应商统一社会信用代码{cc}，联系人{nm}，{ph}",
    "纳税人识别号：{cc}  地址、电话：{ad} {tel}",
    "接送车辆 {pl}，司机{nm}，电话{ph}",
    "今天{pl}停在校门口堵路，请车主挪车",
    "投诉邮件发到{em}，抄送{em}。",
    "联系邮箱：{em}；微信号：{wx}；QQ：{qq}",
    "加我微信{wx}拉你进群",
    "vx:{wx} 备注班级",
    "QQ号{qq}，昵称晴天",
    "扣扣：{qq}",
    "{nm}，学号{sn}，数学92，语文88",
    "学号：{sn} 姓名：{nm} 班级：初二(3)班",
    "准考证号：{ex}\n姓名：{nm}\n考点：第一中学",
    "考号 {ex} 座位 07",
    "中考考生号：{ex}，密码请自行修改",
    "全国学籍号：{nsn}，姓名：{nm}",
    "学籍号{nsn}的学生申请转入我校",
    "学籍辅号 {nsn} 临时，待审核",
    "快递寄到：{ad}，{nm}收，{ph}",
    "收件人: {nm}\n收件地址: {ad}\n手机: {ph}",
    "户籍所在地：{ad}；现居住地：{ad}",
    "家访记录：{nm}，住{ad}，父亲在外务工。",
    "服务器{ip}无法登录，管理员{nm}",
    "src={ip} dst={ip} proto=tcp action=deny",
    "终端 MAC地址 {mac}，分配 {ip}",
    "ether {mac} inet {ip}",
    '{{"studentName":"{nm}","idCard":"{id}","mobile":"{ph}"}}',
    '{{"name": "{nm}", "guardian": {{"phone": "{ph}", "email": "{em}"}}, "studentNo": "{sn}"}}',
    "INSERT INTO t_stu (name, id_no, tel) VALUES ('{nm}', '{id}', '{ph}');",
    "{nm},{id},{ph},{ad}",
    "{nm}\t{sn}\t{ph}",
    "name={nm}&mobile={ph}&idcard={id}",
    "证件号 {id} ；银行卡 {bk} ；手机 {ph}",
    "值班表：周一{nm}、周二{nm}、周三{nm}",
    "昨天{nm}和{nm}在操场打架，{nm}去劝。",
    "参会：{nm}老师、{nm}主任、{nm}校长",
    "病假名单：{nm}（发烧）、{nm}（腹痛）",
    "{nm}同学的父亲电话是{ph}，母亲电话是{ph}",
    "如有疑问请联系{nm}（{ph}）",
    "经办人：{nm}  审核：{nm}  电话：{tel}",
    "From: {em}\nTo: {em}\nSubject: 成绩单\n\n{nm}的成绩见附件。",
    "短信发送成功 to {ph} 耗时 35ms",
    "身份证號：{id}，電話：{ph}",
    "緊急聯絡人{nm}，{ph}",
    "他说他叫{nm}，电话是{ph}。",
    "手机{ph}（微信同号）",
    "请于周五前把表交给{nm}，座机{tel}转801",
    "毕业生{nm}，{id}，毕业于我校。",
)  # fmt: skip

TRAPS = (
    "快递单号：{express}，请到传达室取件",
    "您的包裹{express}已到菜鸟驿站，取件码3-2-1017",
    "订单号 {order} 已付款",
    "交易流水号：{order}，金额{amount}元",
    "教材书号 {isbn}，定价38.00元",
    "校门坐标 {coord}，误差5米",
    "文件 sha/md5：{hash}",
    "commit {hash} 修复登录",
    "固件版本 {version}，请升级",
    "软件版本号：{version}，内核{version}",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36",
    "本年度预算{amount}元，已支出{amount}元",
    "备份时间 {date}，大小{amount}字节",
    "timestamp={millis} level=INFO cost=12ms",
    "1{millis}",
    "手机串号 IMEI {imei}",
    "SIM卡 ICCID：{iccid}",
    "商品条码{ean}，单价12.5",
    "发票号码：{invoice}，发票代码：{invoice}",
    "车架号：{vin}",
    "消息ID {snow} 已投递",
    "主键{snow}重复",
    "见标准第{clause}节和表{clause}",
    "详见 {clause} 条",
    "学校标识码：{school}",
    "市民热线{hotline}，银行客服{hotline}",
    "手机号 {mph} 的家长已确认",
    "身份证 {mid}，本人已核对",
    "银行卡 {mbk} 到账200元",
    "获奖名单：{mnm}、{mnm}",
    "设备序列号 {long}",
    "合同编号：HT-{date}-0093，档案号{invoice}",
    "国发〔2026〕12号文件第3条",
    "国药准字H20033456，批号{date}",
    "期号：202611{school}，中奖号码 03 11 17 22 29 31+09",
    "资产编号ZC-2026-{school}，存放于信息中心",
    "{word}时段播出，老师们的{word}很高",
    "用{word}的办法解决问题，看清{word}",
    "DOI: 10.1016/j.compedu.2026.{school}",
    "https://www.example.com/item?id={order}&t={millis}",
    "考试时间{date}，共120分钟，满分150分",
    "圆周率3.14159265358979323846，自然常数2.718281828459045",
    "端口映射 8080:80，子网掩码由系统分配",
    "课程编号{school}，学分2，周学时4",
    "身高体重 165 52 视力 4.9 5.0 肺活量 2800",
    "成绩 98 87 76 65 100 92 88 总分 606 名次 13",
    "邮编{invoice}前六位有效",
    "水表读数{amount}，电表读数{amount}",
    "第{invoice}批次试剂，效期至{date}",
    "各单位要提高{word}，把握{word}，不断前进。",
)  # fmt: skip


def spaced(value: str, town: Town) -> str:
    at = town.chance.randint(3, len(value) - 2)
    return value[:at] + " " + value[at:]


def looking(value: str, town: Town) -> str:
    places = [at for at, sign in enumerate(value) if sign in LOOKS and at > 2]
    if not places:
        return value
    at = town.chance.choice(places)
    return value[:at] + LOOKS[value[at]] + value[at + 1 :]


NOISE: dict[str, Callable[[str, Town], str]] = {
    "full": lambda value, _: value.translate(FULL),
    "space": spaced,
    "look": looking,
}
SCANS = (
    "身份证号码：{id}",
    "公民身份号码 {id}",
    "联系电话：{p11}",
    "监护人手机号码:{p11}",
    "银行卡号:{b}",
)
PLAIN: dict[str, tuple[Kind, Make]] = {
    "id": GOLD["id"],
    "p11": (Kind.PHONE, lambda town: town.chance.choice(LEADS) + town.digits(8)),
    "b": (Kind.BANK_CARD, lambda town: re.sub(" ", "", town.bank())),
}
SLOT = re.compile(r"\{(\w+)\}")


def fill(template: str, town: Town, noise: str = "") -> Sample:
    """The template with every slot filled and the places of what is personal."""
    text, gold, last = "", list[Gold](), 0
    table = PLAIN if noise else GOLD
    template = template.replace("{{", "\x01").replace("}}", "\x02")
    for slot in SLOT.finditer(template):
        text += template[last : slot.start()]
        last = slot.end()
        word = slot[1]
        if word in table:
            kind, make = table[word]
            value = NOISE[noise](make(town), town) if noise else make(town)
            gold.append((kind, len(text), len(text) + len(value)))
        else:
            value = OTHER[word](town)
        text += value
    text += template[last:]
    return Sample(text=text.replace("\x01", "{").replace("\x02", "}"), gold=tuple(gold))


def samples(seed: int, count: int) -> Iterator[tuple[Sample, Town]]:
    """Single texts: six tenths with data, four tenths traps."""
    town = Town(seed)
    for _ in range(count):
        hard = town.chance.random() < 0.4
        made = fill(town.chance.choice(TRAPS if hard else LINES), town)
        yield Sample(text=made.text, gold=made.gold, hard=hard), town


def scans(seed: int, count: int, noise: str) -> list[Sample]:
    """Labelled numbers as a scanner writes them: `full`, `space` or `look`."""
    town = Town(seed, 1)
    return [fill(town.chance.choice(SCANS), town, noise) for _ in range(count)]
