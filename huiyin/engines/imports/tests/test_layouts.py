"""The sheets other people's systems and users fill in, as they are."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from huiyin.engines.imports.layouts import LAYOUTS
from huiyin.engines.imports.problems import BadFile
from huiyin.engines.imports.sheets import Table, open_table

Shared = Callable[[str], Path]
FOLDER = "property_import_templates"


def opened(shared_data: Shared, name: str, layout: str) -> Table:
    path = shared_data(f"{FOLDER}/{name}")
    return open_table(path, filename=name, expected=LAYOUTS[layout].columns)


@pytest.mark.parametrize(
    ("name", "layout", "sheet", "header", "rows", "side"),
    [
        ("hc.xlsx", "hc-buildings", "楼栋单元", 1, 26, 0),
        ("hc.xlsx", "hc-owners", "业主信息", 1, 5, 10),
        ("hc.xlsx", "hc-fees", "费用设置", 1, 2, 16),
        ("hc.xlsx", "hc-rooms", "房屋信息", 1, 8, 11),
        ("hc.xlsx", "hc-parking", "车位信息", 1, 1, 16),
        ("hc20200610.xlsx", "hc-buildings", "楼栋单元", 1, 26, 0),
        ("hc20200610.xlsx", "hc-owners", "业主信息", 1, 5, 0),
        ("hc20200610.xlsx", "hc-rooms", "房屋信息", 1, 8, 0),
        ("hc20200610.xlsx", "hc-parking", "车位信息", 1, 1, 0),
        ("wy.xlsx", "hc-buildings", "楼栋单元", 1, 26, 0),
        ("wy.xlsx", "hc-owners", "业主信息", 1, 5, 8),
        ("wy.xlsx", "hc-fees", "费用设置", 1, 2, 16),
        ("wy.xlsx", "hc-rooms", "房屋信息", 1, 8, 6),
        ("wy.xlsx", "hc-parking", "车位信息", 1, 1, 14),
        ("importRoom.xlsx", "hc-assets", "资产信息", 1, 1, 17),
        ("meterMachine.xlsx", "hc-meters", "水电表", 1, 1, 9),
        ("importFeeDetail.xlsx", "hc-room-payments", "房屋缴费历史", 1, 3, 6),
        ("importCarFeeDetail.xlsx", "hc-car-payments", "车辆缴费历史", 1, 3, 8),
        ("importResourceStore.xlsx", "hc-goods", "物品信息", 2, 0, 0),
    ],
)
def test_every_template_is_read_without_errors_and_without_its_help_texts(
    shared_data: Shared, name: str, layout: str, sheet: str, header: int, rows: int, side: int
) -> None:
    table = opened(shared_data, name, layout)
    assert (table.sheet, table.header_row, table.row_count, len(table.side_rows)) == (
        sheet,
        header,
        rows,
        side,
    )
    assert not [problem for problem in table.problems if problem.code not in ("missing-optional", "no-rows")]
    assert all(row.ok for row in table.rows())


def test_rooms_owners_fees_and_cars_have_typed_values(shared_data: Shared) -> None:
    room = next(opened(shared_data, "hc.xlsx", "hc-rooms").rows()).values
    assert (room["room"], room["building"], room["floor"], room["kind"]) == ("1011", "1", 1, "residence")
    assert (room["built_area"], room["fees"]) == (Decimal("94.56"), "1#2")
    owner = next(opened(shared_data, "hc.xlsx", "hc-owners").rows())
    assert owner.values["phone"] is None and [note.cell for note in owner.notes] == ["E2"]
    assert (owner.values["kind"], owner.values["identity_number"]) == ("owner", "110101199003078670")
    fee = next(opened(shared_data, "wy.xlsx", "hc-fees").rows()).values
    assert (fee["starts_on"], fee["ends_on"], fee["formula"]) == (date(2020, 6, 10), date(2037, 1, 1), "area")
    paid = next(opened(shared_data, "importFeeDetail.xlsx", "hc-room-payments").rows()).values
    assert (paid["room"], paid["starts_on"], paid["amount_paid"]) == (
        "1-1-1001",
        date(2016, 1, 1),
        Decimal("1000.00"),
    )
    asset = next(opened(shared_data, "importRoom.xlsx", "hc-assets").rows()).values
    assert (asset["state"], asset["has_lift"], asset["phone"]) == ("occupied", True, "13800000001")


def test_the_category_tree_is_read_whole(shared_data: Shared) -> None:
    path = shared_data("tipdm2020_category_tree.xlsx")
    table = open_table(path, filename=path.name, expected=LAYOUTS["tipdm-category-tree"].columns)
    rows = [tuple(row.values.values()) for row in table.rows()]
    assert len(rows) == len(set(rows)) == 517
    assert [len({row[: depth + 1] for row in rows}) for depth in range(3)] == [15, 118, 517]


def test_texts_of_the_messages_lose_their_tabs_and_keep_their_lines(shared_data: Shared) -> None:
    path = shared_data("tipdm2020_messages_with_replies_dev.xlsx")
    table = open_table(path, filename=path.name, expected=LAYOUTS["tipdm-replies"].columns)
    for row in table.rows():
        for name in ("title", "description", "answer"):
            value = row.values[name]
            assert value and value == value.strip(" \t\r\n　\xa0\u200b") and "\r" not in value
        assert row.values["message_number"].isdecimal()


def test_a_layout_that_does_not_fit_is_refused_by_name(shared_data: Shared) -> None:
    with pytest.raises(BadFile) as caught:
        opened(shared_data, "importRoom.xlsx", "hc-fees")
    assert caught.value.code in ("no-header", "missing-columns") and "费用编号" in str(caught.value)


def test_names_and_titles_of_all_layouts_are_in_order() -> None:
    for name, layout in LAYOUTS.items():
        assert layout.name == name and layout.title
        titles = [title for column in layout.columns for title in column.titles]
        assert len(titles) == len(set(titles))
        assert any(column.required for column in layout.columns)
