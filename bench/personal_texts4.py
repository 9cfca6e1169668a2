# ruff: noqa: E501 - templates and tables
"""A fourth set of texts with invented personal data: the paper of a school's back offices.

Minutes, hand-over notes, parents' groups, repair tickets, dormitory and canteen lists, donation
rolls, bus rosters, logs of switches, radius and mail servers, HTML fragments, contracts and
notices to the police. Its people, roads and numbers differ from those of the other three, and
so do its traps: firmware, minutes' section numbers, payment orders, asset tags, meter numbers,
seat plans, tariffs. It was written and committed before the recognisers were mended for the
third set; its first figures (docs/data-find.md) were measured once.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.personal_texts import Sample
from bench.personal_texts2 import fill
from bench.personal_town import GOLD, OTHER, Make, Town, luhn
from rules.recognise.personal.kinds import Kind

FAMILY = "毛江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜"
GIVEN = "国庆军民振华广学德良光明永昌爱莲淑珍惠君佩瑶素云彩凤少聪嘉诚梦洁语嫣俊熙子墨沁妍一鸣若溪亦菲景行知远书瑶安琪浩然宏图"
PLACES = (
    "湖南省长沙市岳麓区", "江苏省南京市玄武区", "浙江省温州市乐清市", "福建省厦门市思明区",
    "辽宁省大连市甘井子区", "黑龙江省哈尔滨市南岗区", "安徽省合肥市蜀山区", "江西省九江市浔阳区",
    "内蒙古自治区呼和浩特市赛罕区", "宁夏回族自治区银川市兴庆区", "青海省西宁市城中区",
    "四川省凉山彝族自治州西昌市", "湖北省武汉市洪山区", "上海市浦东新区", "天津市南开区", "山西省太原市小店区",
)  # fmt: skip
ROADS = (
    "麓山南路",
    "北京东路",
    "柳市大道",
    "莲前西路",
    "红旗西街",
    "文景二路",
    "翠竹横街",
    "三里河东路",
    "沿江中大道",
    "星火胡同",
)
HOMES = (
    "恒大绿洲",
    "教师新村",
    "金色年华",
    "龙湖天街公寓",
    "南湖假日",
    "电厂宿舍",
    "碧桂园",
    "绿地新里",
)


class Borough(Town):
    """Other people again."""

    def new_name(self) -> str:
        pick = self.chance
        if pick.random() < 0.03:
            return pick.choice(("公孙", "轩辕", "长孙", "宇文", "闻人")) + pick.choice(GIVEN)
        return pick.choice(FAMILY) + "".join(pick.sample(GIVEN, pick.choice((1, 2, 2, 2, 2))))

    def address(self) -> str:
        pick, place = self.chance, self.chance.choice(PLACES)
        road, home = pick.choice(ROADS), pick.choice(HOMES)
        gate, flat = pick.randint(1, 999), pick.randint(1, 33) * 100 + pick.randint(1, 6)
        return self.one(
            f"{place}{road}{gate}号{home}{pick.randint(1, 30)}栋{pick.randint(1, 4)}单元{flat}室",
            f"{place}{road}{gate}号{home}{pick.randint(1, 30)}#{flat}",
            f"{place}{home}{pick.randint(1, 30)}-{pick.randint(1, 4)}-{flat}",
            f"{place}{road}{gate}号院{pick.randint(1, 30)}号楼{flat}号",
            f"{place}{self.one('柳市', '白象')}镇{self.one('新光', '前街')}村{gate}号",
            f"{place}{self.one('咸嘉湖', '望月湖')}街道{home}{self.one('东', '西', '二')}区{pick.randint(1, 30)}栋",
            f"{place}{road}{gate}巷{pick.randint(1, 40)}号",
            f"{place}{self.one('大营', '三合')}乡{self.one('前进', '团结')}村{self.one('2', '7')}组{pick.randint(1, 99)}号",
            f"{place}{road}{gate}-{pick.randint(1, 9)}号",
        )


HERE: dict[str, tuple[Kind, Make]] = {
    **GOLD,
    "ad": (Kind.ADDRESS, Borough.address),
    "sn": (Kind.STUDENT_NUMBER, lambda t: t.one("2021" + t.digits(6), "X" + t.digits(9), t.digits(8), "B2024" + t.digits(4))),
}  # fmt: skip
THERE: dict[str, Make] = {
    **OTHER,
    "firm": lambda t: f"{t.chance.randint(1, 9)}.{t.chance.randint(0, 20)}.{t.chance.randint(0, 9)}.{t.chance.randint(0, 99)}",
    "item": lambda t: f"{t.chance.randint(1, 9)}.{t.chance.randint(1, 9)}.{t.chance.randint(1, 9)}.{t.chance.randint(1, 20)}",
    "wpay": lambda t: "4200" + t.digits(24),
    "apay": lambda t: "2026" + t.digits(24),
    "asset": lambda t: t.one("ZC", "TY", "JX") + "-2024-" + t.digits(6),
    "stock": lambda t: (body := t.one("4", "5", "6") + t.digits(14)) + luhn(body),
    "meter": lambda t: t.one("00" + t.digits(10), t.digits(10)),
    "seat": lambda t: f"{t.chance.randint(1, 40):02}排{t.chance.randint(1, 30):02}座",
    "tender": lambda t: f"{t.one('JY', 'ZB', 'CG')}2026-{t.digits(4)}",
    "serial": lambda t: "".join(t.chance.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(t.chance.choice((10, 12, 20)))),
    "doc": lambda t: f"教办〔2026〕{t.digits(2)}号",
    "room": lambda t: t.one("教学楼", "综合楼", "实验楼") + t.one("A", "B", "3") + "栋" + t.digits(3) + "室",
    "cas": lambda t: f"{t.chance.randint(50, 9999)}-{t.digits(2)}-{t.digits(1)}",
}  # fmt: skip

LINES = (
    "会议纪要\n主持：{nm}\n记录：{nm}\n出席：{nm}、{nm}、{nm}",
    "缺席人员：{nm}（病假）、{nm}（公差）",
    "交接说明：宿舍钥匙已交{nm}，有事打{ph}。",
    "@所有人 {nm}妈妈电话{ph}，谁捡到水壶请联系",
    "群里哪位是{nm}爸爸？我是班主任{nm}，加我微信{wx}",
    "接龙\n1. {nm} 参加\n2. {nm} 参加\n3. {nm} 不参加",
    "报修单：报修人{nm}，电话{ph}，故障描述：投影不亮",
    "报修人：{nm}；联系方式：{tel}",
    "宿舍206：\n1床 {nm} {sn}\n2床 {nm} {sn}",
    "过敏名单：{nm}（花生）、{nm}（牛奶）",
    "爱心捐款公示：{nm} 100元；{nm} 50元；{nm} 20元",
    "校车跟车老师{nm}（{ph}），司机{nm}，车牌{pl}",
    "接送卡补办：学生{nm}，学号：{sn}，监护人{nm}，身份证：{id}",
    "致派出所：走失学生{nm}，男，身份证号码{id}，家住{ad}，家长电话{ph}。",
    "协查函：当事人{nm}（公民身份号码：{id}），户籍所在地：{ad}。",
    "合同甲方联系人：{nm}，手机：{ph}，开户行账号：{bk}",
    "乙方：{nm}\n身份证号：{id}\n住址：{ad}\n联系电话：{ph}",
    "劳务费发放表：{nm}，{id}，{bk}，800元",
    "报销人{nm}，工资卡号{bk}，附件3张",
    "供应商统一社会信用代码：{cc}，联系人{nm}，座机{tel}",
    "纳税人识别号 {cc}",
    "开票信息：税号{cc}，电话{tel}",
    "<td>{nm}</td><td>{id}</td><td>{ph}</td>",
    "<li>班主任：{nm}（<a href=\"tel:{ph}\">{ph}</a>）</li>",
    "<p>联系邮箱：<a href=\"mailto:{em}\">{em}</a></p>",
    "Nov 24 08:00:01 sw1 %SEC-6: 源地址 {ip} 登录失败",
    "radius: Access-Reject user {nm} from client {ip} mac {mac}",
    "postfix/smtpd: connect from unknown[{ip}]",
    "postfix/qmgr: from=<{em}>, size=1532",
    "ARP {ip} is-at {mac}",
    "终端{mac}获得地址{ip}",
    "client_ip={ip}&user_name={nm}",
    "学籍异动：{nm}，全国学籍号{nsn}，转出",
    "学籍号{nsn}与身份证{id}不一致",
    "考场03：\n{ex} {nm}\n{ex} {nm}".replace("{ex}", "准考证号：{ex}"),
    "准考证号：{ex}  姓名：{nm}  座位号：12",
    "中考报名号 {ex}，考生 {nm}",
    "{nm}同学，你的考试号是{ex}。",
    "学号 {sn} 的同学请到教务处",
    "借书证号同学号：{sn}，借阅人：{nm}",
    "学生{nm}（{sn}）未归还图书",
    "护照号 {pp}，外籍学生",
    "passport no: {pp}",
    "因私护照：{ppa}，持有人{nm}",
    "港澳通行证：{hkc}",
    "港澳居民来往内地通行证号码 {hk}",
    "台湾居民来往大陆通行证：{tw}",
    "大陆居民往来台湾通行证：{twl}",
    "军人子女优待：父亲{nm}，军官证号 {of}",
    "港澳台居民居住证：{idi}",
    "一代身份证号：{id15}",
    "身份证号{idw}录入有误，请核对",
    "停车登记：{nm}，{pl}，{ph}",
    "违停车辆{pl}请速挪车",
    "QQ：{qq}，微信：{wx}",
    "加我微信：{wx}，备注孩子名字",
    "家长QQ {qq}",
    "发送到{em}即可，抄送{em}",
    "家庭住址：{ad}",
    "家访记录：{nm}，住{ad}，父亲{nm}在外务工。",
    "现居住地址：{ad}，户主：{nm}",
    "邮寄至{ad}，收件人{nm}，{ph}",
    "快递送到 {ad} {nm} 收 {ph}",
    "值班电话：{tel}，值班领导：{nm}",
    "投诉举报电话 {tel}",
    "校医室{tel}，校医{nm}",
    "第一名：{nm}；第二名：{nm}；第三名：{nm}",
    "{nm}、{nm}两位同学获奖",
    "由{nm}同志负责，{nm}协助。",
    "班长{nm}，学习委员{nm}，体育委员{nm}",
    "谈话对象：{nm}；谈话人：{nm}",
    "家长签字：{nm}  日期：2026年9月1日",
    "学生姓名：{nm}　性别：男　民族：汉",
    "心理辅导记录（{nm}）：情绪低落",
    "{nm},{ph},{id},{ad}",
    "{nm}\t{sn}\t{ph}",
    "INSERT INTO visitor (name, phone, plate) VALUES ('{nm}', '{ph}', '{pl}');",
    "{{\"name\": \"{nm}\", \"idCard\": \"{id}\", \"mobile\": \"{ph}\", \"email\": \"{em}\"}}",
    "name: {nm}\nphone: {ph}\nbank_card: {bk}",
    "新生{nm}的父亲{nm}打来电话（{ph}），询问住宿。",
    "手机{ph}（微信同号）",
    "拨打 {ph} 或 {tel}",
    "卡号 {bk}，户名 {nm}",
    "收款账号：{bk}\n收款人：{nm}",
)  # fmt: skip

TRAPS = (
    "AP固件{firm}升级完成",
    "交换机系统版本 {firm}",
    "固件：{firm}，Bootrom：{firm}",
    "会议议题{item}：宿舍改造",
    "见附件{item}节",
    "工序{item}验收合格",
    "依据规范第{item}条",
    "微信支付单号 {wpay}",
    "支付宝交易号：{apay}",
    "商户单号{apay}，金额{amount}",
    "资产编号：{asset}",
    "物资条码 {stock}，入库10箱",
    "货号{stock}",
    "电表表号：{meter}，读数 35421",
    "燃气户号{meter}",
    "观众席{seat}",
    "招标编号：{tender}，预算{amount}元",
    "设备序列号 {serial}",
    "SN:{serial} 保修至{date}",
    "根据{doc}文件精神",
    "地点：{room}",
    "{room}投影仪损坏",
    "试剂 CAS {cas}，纯度99.5%",
    "订单号：{order}，已发货",
    "运单{express}已签收",
    "发票代码 {invoice}",
    "图书 {isbn} 入库",
    "坐标({coord})",
    "提交 {hash}",
    "版本 {version} 更新说明",
    "UA: Mozilla/5.0 {chrome} Safari/537.36",
    "时间戳 {millis}",
    "流水号{snow}",
    "车架 {vin}",
    "设备 IMEI {imei}",
    "流量卡 {iccid}",
    "商品条码{ean}",
    "学校标识码：{school}",
    "全国服务热线{hotline}",
    "身份证后四位请勿外传，如{mid}",
    "回拨{mph}无人接听",
    "银行卡{mbk}已解绑",
    "{mnm}同学情况说明",
    "{word}不是名字，{word}也不是",
    "长串 {long}",
    "成绩 98 95 100 87 92，总分472，排名3",
    "2026-2027学年第一学期第13周课表",
    "水费 138.50 元，电费 1399.20 元",
    "联系电话：（空）",
    "姓名：　　身份证号：　　　　联系电话：",
    "请填写本人真实姓名、手机号码和家庭住址",
    "作息：07:30-08:10 早读 08:20-09:00 第一节",
    "考试科目代码 0101 0102 0103 0104",
    "尺寸 1200×600×750mm，数量 45 套",
    "邮编 410000",
    "IP 电话话机 45 台",
    "比分 3:1，用时 1:32:05.221",
    "端口 1-24 划入 VLAN 100，25-48 划入 VLAN 200",
    "子网掩码 255.255.255.0",
    "安全生产、高度重视、和平共处、万里长征、文明校园、方便同学",
    "常识、武术、龙舟、江河、梅花、路灯、时间、管理、向上、安全",
)  # fmt: skip


def samples(seed: int, count: int) -> Iterator[tuple[Sample, Town]]:
    """Single texts: six tenths with data, four tenths traps."""
    town = Borough(seed)
    for _ in range(count):
        hard = town.chance.random() < 0.4
        made = fill(town.chance.choice(TRAPS if hard else LINES), town, tables=(HERE, THERE))
        yield Sample(text=made.text, gold=made.gold, hard=hard), town
