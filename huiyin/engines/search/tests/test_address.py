from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from huiyin.engines.search.address import PlaceQuery, find_places, normalise_number, parse_place, place_keys

SPELLINGS = """
3-2-501 3-2-0501 03-02-501 3栋2单元501 三栋二单元501室 3号楼2单元501 3＃楼2单元501室 3幢2单元501号 3号2单元501
三栋二单元五零一 三栋二单元五百零一室 ３－２－５０１ 3—2—501 3–2–501 3栋-2单元-501 3#2-501 3#2#501
3-2单元501室 3-2-501室 3楼2单元501 3号楼2门501 3栋2梯501房
"""
NO_PLACES = """
2019-4-25 2019-04-25 2019/4/25 2019/4/25-9:32 19-4-25 19-04-25 25-4-2019 4-25 3月15日 2011-2016年
2016-01-01 2020-06-10#2020-07-10 13700009527 137-0000-9527 0731-85551234 0731-12345 010-12345678
021-5555 400-123-4567 12345 0000-00000000 110101199003078670 京A12345 A7县 A市 B6县 A7县A市 1-4栋
7、8栋 A12、A13栋 1、2栋 第三栋 3栋、5栋 501 5 一 东 A 8:30 21:00-07:00 1-9 9-10 200-300
12000-15000元 GB50118-2010 JGJ125-2016 50-60平 2室1厅 三房 3-5寸 2-7工作日 978-7-80552-263-0
192-168-1-1 1#2 2个车位 7座的商务车 100户 138号 共有3栋 增设过街天桥一座 1#2#3#4 3-15 A-B ---
18999999991.0 3栋2单元501的电梯坏了 1-1-1智能水表
"""
KNOWN = ("4||1321", "3||2466", "1||4003", "5||201")
FLAT = PlaceQuery(building="3", unit="2", room="501")
NO_UNIT = PlaceQuery(building="3", room="501")


@pytest.mark.parametrize(
    "text",
    [
        *SPELLINGS.split(),
        "3 栋 2 单元 501",
        "３栋　２单元　５０１",
        "3 2 501",
        " 3-2-501\n",
        "3栋2单元 501号房间",
        "3 - 2 - 501",
    ],
)
def test_all_spellings_of_a_flat_mean_the_same(text: str) -> None:
    place = parse_place(text)
    assert place == FLAT
    assert place.key == "3|2|501"


@pytest.mark.parametrize(
    "text",
    [
        "3-501",
        "3栋501",
        "3幢501",
        "3#501",
        "3#-501",
        "三号楼501室",
        "3栋五零一",
        "3-0-501",
        "3座501",
        "3号501",
    ],
)
def test_a_flat_may_be_named_without_its_unit(text: str) -> None:
    place = parse_place(text)
    assert place == NO_UNIT
    assert place.key in place_keys(building="3", unit="2", room="501")
    assert place.key in place_keys(building="3", room="501")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A座1203", PlaceQuery(building="A", room="1203")),
        ("a座1203室", PlaceQuery(building="A", room="1203")),
        ("A-1203", PlaceQuery(building="A", room="1203")),
        ("A3-2-1203", PlaceQuery(building="A3", unit="2", room="1203")),
        ("D05栋3单元", PlaceQuery(building="D5", unit="3")),
        ("5B栋", PlaceQuery(building="5B")),
        ("T9-1栋", PlaceQuery(building="T9-1")),
        ("1栋B座1203", PlaceQuery(building="1-B", room="1203")),
        ("甲栋501", PlaceQuery(building="甲", room="501")),
        ("十二栋", PlaceQuery(building="12")),
        ("一百二十三栋", PlaceQuery(building="123")),
        ("3栋", PlaceQuery(building="3")),
        ("2单元", PlaceQuery(unit="2")),
        ("501室", PlaceQuery(room="501")),
        ("3栋501A", PlaceQuery(building="3", room="501A")),
        ("3-2-501-1", PlaceQuery(building="3", unit="2", room="501-1")),
        ("3栋2单元5楼505室", PlaceQuery(building="3", unit="2", floor="5", room="505")),
        ("3栋2单元5楼05", PlaceQuery(building="3", unit="2", floor="5", room="505")),
        ("3-2-5-01", PlaceQuery(building="3", unit="2", floor="5", room="501")),
        ("3-2-5-501", PlaceQuery(building="3", unit="2", floor="5", room="501")),
        ("3栋负一楼", PlaceQuery(building="3", floor="B1")),
        ("3栋地下二层", PlaceQuery(building="3", floor="B2")),
        ("3栋5F", PlaceQuery(building="3", floor="5")),
        ("1-0-12", PlaceQuery(building="1", room="12")),
        ("1-1-1", PlaceQuery(building="1", unit="1", room="1")),
        ("B1-023车位", PlaceQuery(floor="B1", room="23", parking=True)),
        ("Ｂ１－０２３ 停车位", PlaceQuery(floor="B1", room="23", parking=True)),
        ("负一层23号车位", PlaceQuery(floor="B1", room="23", parking=True)),
        ("地下一层B区023号车位", PlaceQuery(floor="B1", room="B23", parking=True)),
        ("B031车位", PlaceQuery(room="B31", parking=True)),
        ("车位B031", PlaceQuery(room="B31", parking=True)),
        ("地下车位：A-123", PlaceQuery(room="A-123", parking=True)),
        ("云河苑C0001车位", PlaceQuery(prefix="云河苑", room="C1", parking=True)),
        ("云河苑3-2-501", PlaceQuery(prefix="云河苑", building="3", unit="2", room="501")),
        ("云河苑 3-2-501", PlaceQuery(prefix="云河苑", building="3", unit="2", room="501")),
        ("云河苑（一期），3栋501", PlaceQuery(prefix="云河苑(一期)", building="3", room="501")),
        ("88弄3号501室", PlaceQuery(prefix="88弄", building="3", room="501")),
        ("中山路138号3栋501", PlaceQuery(prefix="中山路138号", building="3", room="501")),
        # As citizens of a real city wrote them:
        ("A7县时代星城小区4幢1321室", PlaceQuery(prefix="A7县时代星城小区", building="4", room="1321")),
        ("楚江世纪城映江苑5栋2404", PlaceQuery(prefix="楚江世纪城映江苑", building="5", room="2404")),
        ("方茂苑5-4304", PlaceQuery(prefix="方茂苑", building="5", room="4304")),
        ("石渚溪街B01-01-05栋206", PlaceQuery(prefix="石渚溪街", building="B1-1-5", room="206")),
        ("A4区万达广场C3座1709", PlaceQuery(prefix="A4区万达广场", building="C3", room="1709")),
        ("嘉熙国际中心a座3707室", PlaceQuery(prefix="嘉熙国际中心", building="A", room="3707")),
        ("山水嘉园1栋三单元706房", PlaceQuery(prefix="山水嘉园", building="1", unit="3", room="706")),
        ("恒大雅苑35栋2407号", PlaceQuery(prefix="恒大雅苑", building="35", room="2407")),
        ("龙福小区6栋1楼", PlaceQuery(prefix="龙福小区", building="6", floor="1")),
        ("亚达家居国际公寓3栋2466房", PlaceQuery(prefix="亚达家居国际公寓", building="3", room="2466")),
    ],
)
def test_a_place_is_understood(text: str, place: PlaceQuery) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text",
    [
        *NO_PLACES.split(),
        "",
        " ",
        "-",
        "3-2-501" * 40,
        "2019-4-25 9:32:09",
        "137 0000 9527",
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_place_is_not_taken_for_one(text: str) -> None:
    assert parse_place(text) is None


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("您好，我家住3栋2单元501，电梯坏了", ["3|2|501"]),
        ("云河苑3-2-501漏水，打13700009527，2019-4-25报过", ["3|2|501"]),
        ("小区3栋2单元5楼505室非法住改商", ["3|2|505"]),
        ("业主有12栋1504，11栋1103", ["12||1504", "11||1103"]),
        ("A3栋和A5栋之间的那条街", ["A3||", "A5||"]),
        ("我的B1-023车位被占了", ["P|B1|23"]),
        ("地下车库f021车位侧有一天窗", ["P||F21"]),
        ("三栋二单元没有水", ["3|2|"]),
        ("一栋办公楼，建造一栋房子，第三栋宅基地，三栋住宅", []),
        ("共有10栋460户，A栋78户", ["A||"]),
        ("3栋105m2户型，7栋29楼配电箱", ["3||", "7||F29"]),
        ("有7座的大型商务车，古城一座", []),
        ("电话0731-85551234，12000-15000每平，规范JGJ125-2016，时间6:00-19:00", []),
        ("1-4栋楼下噪音，7、8栋，A12、A13栋", []),
        ("2室1厅，三房两厅", []),
        ("7，8栋和9、10栋2单元501", []),
        ("第3栋2单元501", []),
        ("3栋2单元501，三栋二单元501室，3-2-501", ["3|2|501"]),
    ],
)
def test_places_are_found_in_running_text(text: str, keys: list[str]) -> None:
    assert [place.key for place in find_places(text)] == keys


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("03", "3"),
        ("３", "3"),
        ("3.0", "3"),
        ("1011.0", "1011"),
        ("3栋", "3"),
        ("三号楼", "3"),
        ("二单元", "2"),
        ("0501室", "501"),
        ("501F", "501F"),
        ("5F", "5"),
        ("a座", "A"),
        ("负一层", "B1"),
        ("-1", "B1"),
        ("地下2层", "B2"),
        ("C0001", "C1"),
        ("B-023车位", "B-23"),
        ("0", "0"),
        ("", ""),
        ("商铺", "商铺"),
    ],
)
def test_a_number_is_brought_to_one_spelling(written: str, number: str) -> None:
    assert normalise_number(written) == number


@pytest.mark.parametrize(
    ("chinese", "number"),
    [
        ("十", "10"), ("十二", "12"), ("二十", "20"), ("二十三", "23"), ("一百", "100"), ("一百二", "120"),
        ("一百零二", "102"), ("一百二十", "120"), ("一百一十二", "112"), ("一百十二", "112"), ("一千零五", "1005"),
        ("一千零五十", "1050"), ("一千五", "1500"), ("两千", "2000"), ("九千九百九十九", "9999"), ("五零一", "501"),
        ("〇五", "5"), ("百", "百"), ("十十", "十十"), ("二二十", "二二十"),
    ],
)  # fmt: skip
def test_chinese_numerals_are_read(chinese: str, number: str) -> None:
    assert normalise_number(chinese) == number


def chinese(number: int) -> str:
    """An independent writer of Chinese numerals below 10,000."""
    signs, text, gap = "零一二三四五六七八九", "", False
    for scale, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, scale)
        if digit:
            text += ("零" if gap and text else "") + signs[digit] + word
            gap = False
        else:
            gap = True
    return text.replace("一十", "十", 1) if text.startswith("一十") else text


def test_every_chinese_numeral_below_ten_thousand_is_read() -> None:
    assert all(normalise_number(chinese(number)) == str(number) for number in range(1, 10_000))


def test_a_place_is_found_by_its_full_key_and_without_the_unit() -> None:
    assert place_keys(building="03栋", unit="二单元", room="0501室") == ("3|2|501", "3||501")
    assert place_keys(building="3", room="501") == ("3||501",)
    assert place_keys(building="1.0", unit="0", room="5") == ("1||5",)
    assert place_keys(building="3", unit="2") == ("3|2|",)
    assert place_keys(building="3", unit="2", floor="负一楼") == ("3|2|FB1", "3||FB1")
    assert place_keys(floor="负一层", room="023", parking=True) == ("P|B1|23", "P||23")
    assert place_keys(room="C0001", parking=True) == ("P||C1",)


numbers = st.integers(1, 60)


@settings(deadline=None)
@given(
    building=numbers,
    unit=st.integers(1, 9),
    floor=st.integers(1, 40),
    door=st.integers(1, 12),
    data=st.data(),
)
def test_any_flat_is_found_in_any_spelling(
    building: int, unit: int, floor: int, door: int, data: st.DataObject
) -> None:
    room = f"{floor}{door:02}"
    indexed = place_keys(building=str(building), unit=str(unit), room=room)
    words = product(
        (str(building), f"{building:02}", chinese(building)),
        ("栋", "幢", "号楼", "#"),
        (str(unit), chinese(unit)),
        (room, f"{room:>04}", chinese(int(room))),
        ("", "室", "房", "号"),
    )
    number, word, entrance, door_number, end = data.draw(st.sampled_from(list(words)))
    site = data.draw(st.sampled_from(["", "云河苑", "正泰花园 ", "A7县星沙"]))
    with_unit = parse_place(f"{site}{number}{word}{entrance}单元{door_number}{end}")
    without_unit = parse_place(f"{site}{number}{word}{room}{end}")
    assert with_unit is not None and with_unit.key == indexed[0]
    assert without_unit is not None and without_unit.key == indexed[1]
    assert with_unit.prefix == without_unit.prefix == site.strip()


@settings(deadline=None, max_examples=500)
@given(st.text(max_size=90) | st.text(alphabet="0123-#栋单元室号楼层一十A负F座车位门、 到", max_size=30))
def test_no_text_breaks_the_grammar(text: str) -> None:
    place = parse_place(text)
    if place:
        assert place.key.count("|") == 2
        assert place.room or place.building or place.unit
    find_places(text)
    normalise_number(text)
    place_keys(building=text, unit=text, floor=text, room=text)


@settings(deadline=None)
@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y", "%Y年%m月%d日"]))
def test_dates_are_no_places(day: date, form: str) -> None:
    assert parse_place(day.strftime(form)) is None or not 2013 <= day.year <= 2099


@settings(deadline=None)
@given(st.from_regex(r"1[3-9][0-9]-?[0-9]{4}-?[0-9]{4}|0[1-9][0-9]{1,2}-[2-8][0-9]{6,7}", fullmatch=True))
def test_phone_numbers_are_no_places(number: str) -> None:
    assert parse_place(number) is None
    assert find_places(f"联系电话{number}。") == []


def rows(workbook: Path, sheet: str) -> list[dict[str, str]]:
    book = CalamineWorkbook.from_path(str(workbook))
    head, *body = book.get_sheet_by_name(sheet).to_python()
    return [{str(name): str(cell) for name, cell in zip(head, row, strict=False)} for row in body]


def test_house_numbers_of_real_import_sheets_are_indexed_and_found(
    shared_data: Callable[[str], Path],
) -> None:
    folder = shared_data("property_import_templates")
    seen = 0
    for workbook, sheet in (
        ("hc.xlsx", "房屋信息"),
        ("hc20200610.xlsx", "房屋信息"),
        ("wy.xlsx", "房屋信息"),
    ):
        for row in rows(folder / workbook, sheet):
            if not row["楼栋编号"]:
                continue
            keys = place_keys(building=row["楼栋编号"], unit=row["单元编号"], room=row["房屋编号"])
            building, unit, room = (
                row[name].removesuffix(".0") for name in ("楼栋编号", "单元编号", "房屋编号")
            )
            for spelling in (f"{building}-{unit}-{room}", f"{building}栋{unit}单元{room}室"):
                place = parse_place(spelling)
                assert place is not None and place.key == keys[0]
            seen += 1
    assert seen >= 20
    history = rows(folder / "importFeeDetail.xlsx", "房屋缴费历史")[0]
    place = parse_place(history["房屋"])
    assert place is not None and place.key == "1|1|1001"
    for name in ("开始时间", "结束时间", "缴费时间", "应缴金额"):
        assert parse_place(history[name]) is None


def test_cells_of_real_import_sheets_that_are_no_places_are_not_taken_for_some(
    shared_data: Callable[[str], Path],
) -> None:
    for workbook in sorted(shared_data("property_import_templates").glob("*.xlsx")):
        book = CalamineWorkbook.from_path(str(workbook))
        for sheet in book.sheet_names:
            for row in book.get_sheet_by_name(sheet).to_python():
                for cell in map(str, row):
                    place = parse_place(cell)
                    assert place is None or "1-1-1001" in cell, cell


def test_real_messages_are_not_taken_for_places_but_name_some(shared_data: Callable[[str], Path]) -> None:
    book = CalamineWorkbook.from_path(str(shared_data("tipdm2020_messages_dev.xlsx")))
    cells = [str(cell) for row in book.get_sheet_by_index(0).to_python()[1:] for cell in row]
    assert [cell for cell in cells if parse_place(cell)] == []
    found = [place for cell in cells for place in find_places(cell)]
    assert {place.key for place in found} >= set(KNOWN)
    assert all(len(place.building) <= 6 for place in found)
