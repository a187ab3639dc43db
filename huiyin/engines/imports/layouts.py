"""Known layouts of sheets that people already have: pure data, one `Columns` for each kind of sheet.

``tipdm-*`` are citizens' messages as a public competition handed them out; ``hc-*`` are the import templates
of a common property management system, in the several versions its users still fill in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .columns import Choice, Column, Columns, Date, DateTime, Integer, Money, Number, Text

NO_PHONE = ("18999999999", "无", "-")
"""What the template asks to write where there is no phone."""
NO_IDENTITY = ("111111111111111111", "无", "-")

YES_NO: Mapping[str, bool] = {
    "有": True,
    "是": True,
    "Y": True,
    "无": False,
    "没有": False,
    "否": False,
    "N": False,
}
SEXES: Mapping[str, str] = {"男": "male", "女": "female"}
OWNER_KINDS: Mapping[str, str] = {
    "1001": "owner",
    "业主": "owner",
    "1002": "family",
    "家庭成员": "family",
    "1003": "tenant",
    "房屋租客": "tenant",
    "租客": "tenant",
    "1004": "temporary",
    "临时人员": "temporary",
}
ROOM_KINDS: Mapping[str, str] = {
    "110": "residence",
    "住宅": "residence",
    "120": "office",
    "办公室": "office",
    "119": "dormitory",
    "宿舍": "dormitory",
}
ROOM_STATES: Mapping[str, str] = {
    "2001": "occupied",
    "已入住": "occupied",
    "2002": "unsold",
    "未销售": "unsold",
    "2003": "handed_over",
    "已交房": "handed_over",
    "2004": "not_moved_in",
    "未入住": "not_moved_in",
    "2005": "decorated",
    "已装修": "decorated",
    "2006": "shop_let",
    "已出租": "shop_let",
    "2007": "shop_sold",
    "已出售": "shop_sold",
    "2008": "vacant",
    "空闲": "vacant",
    "2009": "decorating",
    "装修中": "decorating",
}
CAR_KINDS: Mapping[str, str] = {
    "9901": "car",
    "家用小汽车": "car",
    "9902": "bus",
    "客车": "bus",
    "9903": "truck",
    "货车": "truck",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of sheet: its name in commands, its title on screen, and its columns."""

    name: str
    title: str
    columns: Columns


def _money(name: str, title: str) -> Money:
    return Money(name=name, titles=(title,), minimum=0)


def _area(name: str, title: str) -> Number:
    return Number(
        name=name, titles=(title,), minimum=0, maximum=10_000_000, places=2, suffixes=("㎡", "m2", "平方米")
    )


def _code(name: str, *titles: str, required: bool = False, length: int = 60) -> Text:
    return Text(name=name, titles=titles, required=required, code=True, max_length=length)


def _words(name: str, *titles: str, required: bool = False, length: int = 200) -> Text:
    return Text(name=name, titles=titles, required=required, max_length=length)


def _floor(name: str, title: str) -> Integer:
    return Integer(name=name, titles=(title,), minimum=-20, maximum=300, suffixes=("层", "楼"))


def _phone() -> Text:
    return Text(
        name="phone", titles=("手机号", "手机号码", "联系电话"), code=True, max_length=40, blanks=NO_PHONE
    )


def _identity() -> Text:
    return Text(
        name="identity_number",
        titles=("身份证号", "身份证号码", "身份证"),
        code=True,
        max_length=40,
        blanks=NO_IDENTITY,
        sensitive=True,
    )


_MESSAGE: tuple[Column, ...] = (
    _code("message_number", "留言编号", required=True, length=40),
    _code("author", "留言用户"),
    _words("title", "留言主题", required=True, length=500),
    DateTime(name="received_at", titles=("留言时间",), required=True, past=True),
    Text(name="description", titles=("留言详情",), required=True, multiline=True, max_length=32_767),
)
_REPLY: tuple[Column, ...] = (
    Text(name="answer", titles=("答复意见",), multiline=True, max_length=32_767),
    DateTime(name="answered_at", titles=("答复时间",), past=True, not_before="received_at"),
)
_VOTES: tuple[Column, ...] = (
    Integer(name="votes_against", titles=("反对数",), minimum=0),
    Integer(name="votes_for", titles=("点赞数",), minimum=0),
)

_BUILDINGS = Columns(
    (
        _code("building", "楼栋号", "楼栋编号", required=True),
        _code("unit", "单元编号", required=True),
        Integer(name="floors", titles=("总层数",), minimum=1, maximum=300, suffixes=("层",)),
        Choice(name="has_lift", titles=("是否有电梯",), mapping=YES_NO),
    ),
    sheets=("楼栋单元",),
)
_OWNERS = Columns(
    (
        _code("number", "编号"),
        _words("name", "业主名称", "业主姓名", required=True),
        Choice(name="sex", titles=("性别",), mapping=SEXES),
        Integer(name="age", titles=("年龄",), minimum=0, maximum=150),
        _phone(),
        _identity(),
        Choice(name="kind", titles=("业主类型",), mapping=OWNER_KINDS),
        _code("owner_number", "业主编号", required=True),
    ),
    sheets=("业主信息",),
)
_FEES = Columns(
    (
        _code("number", "费用编号", required=True),
        _words("kind", "费用类型"),
        _words("name", "收费项目", required=True),
        Choice(
            name="recurrence",
            titles=("费用标识",),
            mapping={"周期性费用": "periodic", "一次性费用": "once", "间接性费用": "indirect"},
        ),
        Choice(
            name="payment", titles=("付费类型",), mapping={"预付费": "in_advance", "后付费": "in_arrears"}
        ),
        Integer(name="cycle_months", titles=("缴费周期",), minimum=1, maximum=1200),
        Choice(
            name="billing",
            titles=("出账类型",),
            mapping={"每年1月1日": "yearly", "每月1日": "monthly", "每日": "daily", "实时": "at_once"},
        ),
        Date(name="starts_on", titles=("计费起始时间",)),
        Date(name="ends_on", titles=("计费结束时间",), not_before="starts_on"),
        Choice(
            name="formula",
            titles=("计算公式",),
            mapping={"1001": "area", "面积*单价+附加费": "area", "2002": "fixed", "固定费用": "fixed"},
        ),
        Number(name="unit_price", titles=("计费单价",), minimum=0, maximum=100_000_000, places=4),
        _money("fixed_amount", "固定费用"),
    ),
    sheets=("费用设置",),
)
_ROOMS = Columns(
    (
        _code("room", "房屋编号", required=True),
        _code("building", "楼栋编号", required=True),
        _code("unit", "单元编号", required=True),
        _floor("floor", "房屋楼层"),
        _code("room_layout", "房屋户型"),
        _area("built_area", "建筑面积"),
        _code("owner_number", "业主编号"),
        _code("fees", "房屋费用", length=200),
        _code("fee_starts", "费用开始时间", length=400),
        Choice(name="kind", titles=("房屋类型",), mapping=ROOM_KINDS),
        _area("inner_area", "室内面积"),
        _money("rent", "租金"),
    ),
    sheets=("房屋信息",),
)
_PARKING = Columns(
    (
        _code("parking_area", "停车场编号", required=True),
        _code("space", "车位编码", "车位编号", required=True),
        Choice(
            name="kind",
            titles=("停车场类型",),
            mapping={
                "地上停车位": "above_ground",
                "1001": "above_ground",
                "地下停车位": "underground",
                "2001": "underground",
            },
        ),
        _area("area", "面积"),
        _code("owner_number", "业主编号"),
        _code("plate", "车牌号"),
        _words("car_brand", "车品牌"),
        Choice(name="car_kind", titles=("车类型",), mapping=CAR_KINDS),
        _words("car_colour", "颜色"),
        Choice(
            name="tenure",
            titles=("出租还是出售", "出售还是出租"),
            mapping={"H": "let", "出租": "let", "S": "sold", "出售": "sold"},
        ),
        Date(name="starts_on", titles=("开始时间",)),
        Date(name="ends_on", titles=("结束时间",), not_before="starts_on"),
    ),
    sheets=("车位信息",),
)
_ASSETS = Columns(
    (
        _code("building", "楼号", required=True),
        _code("unit", "单元", required=True),
        _code("room", "房间", required=True),
        _floor("floor", "楼层"),
        Integer(name="floors", titles=("总层数",), minimum=1, maximum=300, suffixes=("层",)),
        Choice(name="has_lift", titles=("是否有电梯",), mapping=YES_NO),
        Choice(name="kind", titles=("房屋类型",), mapping=ROOM_KINDS),
        _code("room_layout", "房屋户型"),
        _area("built_area", "建筑面积"),
        _area("inner_area", "室内面积"),
        _money("rent", "租金"),
        Choice(name="state", titles=("房屋状态",), mapping=ROOM_STATES),
        _words("owner_name", "业主名称"),
        Choice(name="sex", titles=("性别",), mapping=SEXES),
        _phone(),
        _identity(),
        Choice(name="owner_kind", titles=("业主类型",), mapping=OWNER_KINDS),
    ),
    sheets=("资产信息",),
)
_METERS = Columns(
    (
        _words("name", "名称", required=True),
        _code("number", "表号", required=True),
        _words("kind", "表类型"),
        Choice(
            name="mode",
            titles=("模式",),
            mapping={"1001": "prepaid", "充值": "prepaid", "2002": "read", "抄表": "read"},
        ),
        _code("room", "房屋", required=True),
        _words("fee", "费用项"),
        _code("maker", "厂家"),
        _code("collector", "采集器ID"),
    ),
    sheets=("水电表",),
)


def _paid(first: Column, sheet: str) -> Columns:
    return Columns(
        (
            first,
            _words("fee", "收费项目", required=True),
            Integer(name="cycle_months", titles=("缴费周期",), minimum=1, maximum=1200),
            Date(name="starts_on", titles=("开始时间",), required=True),
            Date(name="ends_on", titles=("结束时间",), required=True, not_before="starts_on"),
            Date(name="paid_on", titles=("缴费时间",), required=True, past=True),
            Money(name="amount_due", titles=("应缴金额",), required=True),
            Money(name="amount_paid", titles=("实缴金额",), required=True),
            _words("cashier", "收银员"),
            Text(name="note", titles=("备注",), multiline=True, max_length=500),
        ),
        sheets=(sheet,),
    )


_GOODS = Columns(
    (
        _code("serial", "序号"),
        _words("name", "物品名称", required=True),
        _code("number", "物品编号", required=True),
        _money("price", "单价"),
        Number(name="stock", titles=("库存",), minimum=0, places=2),
        _words("unit", "单位"),
        _money("lowest_price", "对外最低售价"),
        _money("highest_price", "对外最高售价"),
        Number(name="alarm_stock", titles=("告警库存",), minimum=0, places=2),
        _words("kind", "物品类型"),
        Choice(name="is_fixed", titles=("是否固定物品",), mapping=YES_NO),
        Text(name="note", titles=("备注",), multiline=True, max_length=500),
    ),
    sheets=("物品信息",),
)


def _layouts(*layouts: Layout) -> Mapping[str, Layout]:
    return MappingProxyType({layout.name: layout for layout in layouts})


LAYOUTS = _layouts(
    Layout("tipdm-messages", "群众留言", Columns((*_MESSAGE, *_VOTES), order_by="message_number")),
    Layout("tipdm-replies", "群众留言及答复", Columns((*_MESSAGE, *_REPLY), order_by="message_number")),
    Layout(
        "tipdm-labelled",
        "已分类留言",
        Columns((*_MESSAGE, _words("category", "一级分类", required=True)), order_by="message_number"),
    ),
    Layout(
        "tipdm-category-tree",
        "分类体系",
        Columns(
            (
                _words("level1", "一级分类", required=True),
                _words("level2", "二级分类", required=True),
                _words("level3", "三级分类", required=True),
            )
        ),
    ),
    Layout("hc-buildings", "楼栋单元", _BUILDINGS),
    Layout("hc-owners", "业主信息", _OWNERS),
    Layout("hc-fees", "费用设置", _FEES),
    Layout("hc-rooms", "房屋信息", _ROOMS),
    Layout("hc-parking", "车位信息", _PARKING),
    Layout("hc-assets", "资产信息", _ASSETS),
    Layout("hc-meters", "水电表", _METERS),
    Layout("hc-room-payments", "房屋缴费历史", _paid(_code("room", "房屋", required=True), "房屋缴费历史")),
    Layout("hc-car-payments", "车辆缴费历史", _paid(_code("plate", "车牌号", required=True), "车辆缴费历史")),
    Layout("hc-goods", "物品信息", _GOODS),
)
