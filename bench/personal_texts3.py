# ruff: noqa: E501 - templates and tables
"""A third set of texts with invented personal data, from papers of other trades.

Judgments, authorisations, medical sheets, police notes, calls written down word by word, help
desk chats, YAML, XML, Markdown tables, key=value logs, English letters of international schools
and SMS. Its people have other family names, its addresses another grammar (industrial parks,
villages by plate, buildings by letter, floors), its numbers stand in other sentences than those
of personal_texts.py and personal_texts2.py; its traps are other numbers again. It was written
and committed before the recognisers were mended for the second set, and its first figures
(docs/data-find.md) were measured once. bench/personal.py --texts 3 measures with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.personal_texts import Sample
from bench.personal_texts2 import fill
from bench.personal_town import GOLD, OTHER, Make, Town, luhn
from rules.recognise.personal.kinds import Kind

FAMILY = "王李张刘陈赵黄周吴徐孙胡高林郭罗梁宋郑董萧程傅曾吕苏卢蒋蔡贾丁薛叶阎余潘杜戴夏钟汪田任姜方石姚谭廖邹熊"
GIVEN = "伟芳娜敏静秀丽强磊军洋勇艳杰涛明超刚平辉健鹏宇浩凯鑫博睿晨曦雨桐子涵奕辰梓萱佳怡嘉懿芷若煜祺皓轩"
PLACES = (
    "广东省深圳市南山区", "浙江省宁波市鄞州区", "四川省成都市武侯区", "陕西省西安市雁塔区",
    "河南省洛阳市涧西区", "山东省临沂市兰山区", "河北省保定市莲池区", "云南省大理白族自治州大理市",
    "新疆维吾尔自治区乌鲁木齐市天山区", "西藏自治区拉萨市城关区", "北京市海淀区", "重庆市渝中区",
    "吉林省延边朝鲜族自治州延吉市", "江苏省苏州市昆山市", "湖北省恩施土家族苗族自治州利川市",
)  # fmt: skip
STREETS = (
    "科苑路",
    "人民南路",
    "长江西路",
    "学府街",
    "建设大街",
    "石榴巷",
    "桂花胡同",
    "滨河大道",
    "文昌里",
)
HOMES = (
    "锦绣花园",
    "翰林苑",
    "世纪城",
    "水岸名邸",
    "阳光公寓",
    "幸福小区",
    "铁路家属院",
    "湖畔佳苑",
)


class City(Town):
    """Other people, in other streets."""

    def new_name(self) -> str:
        pick = self.chance
        if pick.random() < 0.03:
            return pick.choice(("尉迟", "慕容", "夏侯", "东方", "端木")) + pick.choice(GIVEN)
        return pick.choice(FAMILY) + "".join(pick.sample(GIVEN, pick.choice((1, 2, 2, 2))))

    def address(self) -> str:
        pick, place = self.chance, self.chance.choice(PLACES)
        street, home = pick.choice(STREETS), pick.choice(HOMES)
        gate, flat = pick.randint(1, 299), pick.randint(1, 30) * 100 + pick.randint(1, 8)
        return self.one(
            f"{place}{street}{gate}号{home}{pick.randint(1, 40)}号楼{pick.randint(1, 6)}单元{flat}",
            f"{place}{street}{gate}号{home}{self.one(*'ABCD')}座{flat}室",
            f"{place}{home}{pick.randint(1, 40)}幢{flat}室",
            f"{place}{self.one('桃源', '西丽', '首南')}街道{self.one('平山', '大学城')}社区{street}{gate}号",
            f"{place}{self.one('洪桥', '石门')}乡{self.one('上坪', '龙潭')}村{self.one('三', '五', '十二')}社{gate}号",
            f"{place}{street}{gate}弄{pick.randint(1, 60)}号{flat}室",
            f"{place}{street}与{pick.choice(STREETS)}交叉口{home}{pick.randint(1, 20)}栋",
            f"{place}{street}{gate}号附{pick.randint(1, 9)}号",
            f"{place}{self.one('高新', '软件')}园{self.one('一', '二', '南')}路{gate}号{self.one('3', 'B')}栋{pick.randint(1, 30)}层",
        )


HERE: dict[str, tuple[Kind, Make]] = {
    **GOLD,
    "ad": (Kind.ADDRESS, City.address),
    "sn": (Kind.STUDENT_NUMBER, lambda t: t.one("S" + t.digits(8), "19" + t.digits(8), "20" + t.digits(7), t.digits(10))),
    "qq": (Kind.QQ, lambda t: t.one(*"23456789") + t.digits(t.chance.choice((5, 7, 8, 9)))),
}  # fmt: skip
THERE: dict[str, Make] = {
    **OTHER,
    "ward": lambda t: t.one("00" + t.digits(6), "ZY" + t.digits(8), t.digits(7)),
    "case": lambda t: f"（2026）{t.one('粤', '浙', '川', '陕')}01{t.digits(2)}民初{t.digits(4)}号",
    "oid": lambda t: f"1.3.6.1.4.1.{t.digits(5)}.{t.chance.randint(1, 9)}",
    "build": lambda t: t.one(f"10.0.{t.chance.randint(1, 25)}.{t.chance.randint(1, 250)}", f"{t.chance.randint(4, 12)}.{t.chance.randint(0, 9)}.{t.chance.randint(0, 30)}.{t.chance.randint(0, 255)}"),
    "key": lambda t: "-".join("".join(t.chance.choice("ABCDEFGHJKMNPQRTUVWXY2346789") for _ in range(5)) for _ in range(5)),
    "uuid": lambda t: "-".join("".join(t.chance.choice("0123456789abcdef") for _ in range(size)) for size in (8, 4, 4, 4, 12)),
    "drug": lambda t: t.one("国药准字Z", "国药准字S", "国械备") + t.digits(8),
    "tax": lambda t: "".join(t.one("1", "3") + t.digits(18)),
    "train": lambda t: t.one("G", "D", "K", "C") + t.digits(4),
    "ticket": lambda t: t.one("E", "G") + t.digits(9),
    "grid": lambda t: f"N{t.digits(2)}°{t.digits(2)}′{t.digits(2)}″ E1{t.digits(2)}°{t.digits(2)}′{t.digits(2)}″",
    "lot": lambda t: t.one("L", "H", "M", "C") + t.digits(t.chance.choice((6, 7, 9))),
    "lunar": lambda t: (body := "99" + t.digits(13)) + luhn(body),
}  # fmt: skip

LINES = (
    "原告{nm}，女，汉族，住{ad}，公民身份号码{id}。\n委托诉讼代理人{nm}，某某律师事务所律师。",
    "被申请人{nm}，联系方式{ph}，户籍地址{ad}。",
    "授权委托书\n委托人：{nm} 身份证号 {id}\n受托人：{nm} 身份证号 {id}\n兹委托受托人代为办理转学手续。",
    "患者{nm}，家属{nm}，联系电话{ph}，门诊号{ward}",
    "报警人{nm}（电话{ph}）称其女在{ad}附近走失。",
    "坐席：请问您的手机号？\n客户：{ph}\n坐席：姓名呢\n客户：{nm}",
    "喂您好，我是{nm}的爷爷，家里电话是{tel}，您记一下。",
    "你打{ph}找{nm}就行",
    "老师我是{nm}妈妈，刚换号了 {ph} 以前那个停机了",
    "@{nm} 明天带水杯，没收到请回{ph}",
    "【教育局】{nm}家长，您的入学申请已通过初审，短信回执发往{ph}，详询{tel}。",
    "student:\n  name: {nm}\n  id_card: \"{id}\"\n  phone: \"{ph}\"\n  address: {ad}",
    "<student><name>{nm}</name><idno>{id}</idno><mobile>{ph}</mobile></student>",
    "| 姓名 | 身份证号 | 手机 |\n|---|---|---|\n| {nm} | {id} | {ph} |",
    "| 学号 | 姓名 |\n|---|---|\n| {sn} | {nm} |",
    "user={nm} tel={ph} ip={ip} action=login",
    "{ip} - - [24/Nov/2026:08:12:33 +0800] \"GET /index HTTP/1.1\" 200 1532",
    "sshd[2231]: Failed password for root from {ip} port 50122 ssh2",
    "DHCPACK on {ip} to {mac} via eth0",
    "网关 {ip}:8080 拒绝连接",
    "Dear Ms. Chen, my son {nm} (passport {pp}) will be absent. Call me at {ph}.",
    "Student ID: {sn}, E-mail: {em}, Mobile: {ph}",
    "Name: {nm}\nPassport No.: {ppa}\nTel: {tel}",
    "请假条：本人{nm}，学号{sn}，因事请假两天。",
    "学生证号：{sn}，遗失声明作废，{nm}",
    "我的学号是{sn}，密码忘了",
    "{nm}（学号：{sn}）荣获校级三好学生",
    "准考证号码为{ex}，考生{nm}",
    "考生{nm}，考生号{ex}，缺考一科",
    "全国学籍号为{nsn}，学生{nm}现申请休学",
    "学籍号：{nsn}；监护人{nm}",
    "持港澳居民来往内地通行证（{hk}）报名的学生{nm}",
    "回乡证号码：{hk}",
    "往来港澳通行证 {hkc}",
    "台湾居民来往大陆通行证号码为{tw}",
    "台胞证 {tw}，{nm}",
    "往来台湾通行证 {twl} 有效期五年",
    "港澳台居民居住证号码为{idi}，住{ad}",
    "护照号码为{pp}，学生{nm}",
    "{nm}之父系现役军人，军官证：{of}",
    "统一社会信用代码：{cc}\n法定代表人：{nm}\n住所：{ad}",
    "甲方（盖章）开户账号{bk} 税号{cc}",
    "退费账户：{nm}，{bk}，农行",
    "助学金发放 {nm} 卡号：{bk} 金额 1500.00 元",
    "转账到 {bk} ，备注{nm}",
    "车牌号为{pl}的校车已年检，驾驶员{nm}，{ph}",
    "访客 {nm} 驾{pl}入校，事由送书",
    "有事发我邮箱{em}",
    "mailto:{em}?subject=hello",
    "{nm} <{em}>",
    "微信 {wx} 或 QQ {qq} 联系我",
    "我微信号是{wx}，通过一下",
    "加我qq：{qq}",
    "QQ邮箱不用，发我QQ号{qq}",
    "家庭地址为{ad}，母亲{nm}，手机号为{ph}。",
    "住址 {ad}",
    "搬家了，新地址：{ad}，电话没变。",
    "上门家访地点：{ad}（{nm}家）",
    "我住在{ad}，请送到门口。",
    "寄件地址：{ad} 寄件人：{nm} 电话：{tel}",
    "联系人：{nm} 固话：{tel}",
    "传真：{tel}，联系人{nm}",
    "督学{nm}，监督电话 {tel}",
    "监考员甲：{nm} 监考员乙：{nm}",
    "第一小组：{nm} {nm} {nm}，组长{nm}",
    "冠军{nm}，亚军{nm}，季军{nm}",
    "{nm}的作文被{nm}老师当范文念了",
    "据{nm}同学反映，{nm}在厕所吸烟。",
    "本人{nm}承诺以上信息属实。",
    "签名：{nm}",
    "转发：{nm}已缴费",
    "校医记录：{nm}体温38.2，已通知家长{ph}",
    "寝室302：{nm}，{nm}，{nm}，{nm}",
    "公民身份号码为{id}的学生尚未采集指纹",
    "系统里{id}和{id}两条重复了",
    "旧身份证{id15}无法核验",
    "证件号码：{idw}（核验未通过）",
    "UPDATE student SET phone='{ph}', id_no='{id}' WHERE name='{nm}';",
    "{nm}|{id}|{ph}|{em}",
    "'{nm}';'{ph}';'{em}'",
    "{\"data\":{\"stuNo\":\"{sn}\",\"xm\":\"{nm}\",\"sjh\":\"{ph}\"}}".replace("{\"", "{{\"").replace("\"}}", "\"}}}}"),
)  # fmt: skip

TRAPS = (
    "案号{case}，开庭时间{date}",
    "住院号{ward}，床号12，体温36.8",
    "处方药{drug}，批号{lot}",
    "SNMP OID {oid} 无响应",
    "Windows 版本 {build}，请打补丁",
    "驱动程序{build}下载",
    "app {build} 已发布，修复若干问题",
    "gcc (GCC) {build} 20260101",
    "产品密钥 {key}",
    "request_id={uuid} status=200",
    "税收分类编码 {tax}",
    "车次{train}，座位07车12F，票号{ticket}",
    "经纬度{grid}",
    "批号{lot}，生产日期{date}",
    "型号 {lot} 的打印机缺墨",
    "条码 {ean} 扫描失败",
    "会员积分卡号段说明：{lunar}为测试号段",
    "电表户号{order}，水表户号{ward}",
    "学校代码{school}，专业代码080901",
    "准考证打印时间{date}，咨询电话{hotline}",
    "身份证号格式：6位地址码+8位生日码+3位顺序码+1位校验码",
    "手机号码为11位数字，以1开头",
    "示例：身份证{mid}，电话{mph}",
    "卡号{mbk}的用户投诉",
    "GB/T 35273-2020、GB 11643-1999 与 ISO/IEC 7812-1:2017",
    "π≈3.1415926535，e≈2.7182818284，√2≈1.41421356237",
    "点击 https://www.example.org/a/{order}?token={hash}",
    "第{school}次请求失败，耗时{millis}微秒",
    "快件{express}由快递员派送",
    "单号{express}，重量1.2kg",
    "得分 21:19 19:21 21:17，用时 1:02:33",
    "2026年预算数{amount}，决算数{amount}",
    "书号ISBN {isbn}",
    "编号{invoice}的试卷已回收",
    "[{date}] INFO batch {millis} rows=13800",
    "容量 500107862016 字节，扇区 976773168",
    "种子数 {long}",
    "序号1-20210001至20210060为高一新生编号区间的说明",
    "温度24.5 湿度60.2 气压1013.25 风速3.4.1级",
    "彩票第2026{ward}期",
    "{word}课上，老师讲{word}问题",
    "为了{word}，大家要看{word}行事。",
    "{mnm}等3人受到表扬",
    "发动机号{lot}，车架号{vin}",
    "IMEI：{imei}，ICCID：{iccid}",
    "哈希 {hash}",
    "合同金额人民币{amount}元整",
    "区块高度{snow}",
    "SELECT * FROM t WHERE id IN ({snow}, {snow})",
    "页码 1.2.3.4 至 1.2.3.9，图 {clause}",
)  # fmt: skip


def samples(seed: int, count: int) -> Iterator[tuple[Sample, Town]]:
    """Single texts: six tenths with data, four tenths traps."""
    town = City(seed)
    for _ in range(count):
        hard = town.chance.random() < 0.4
        made = fill(town.chance.choice(TRAPS if hard else LINES), town, tables=(HERE, THERE))
        yield Sample(text=made.text, gold=made.gold, hard=hard), town
