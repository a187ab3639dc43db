"""Places, customers, categories, files and oneself."""

from __future__ import annotations

import json
from pathlib import Path

from huiyin.base.kit.scope import system_scope, use
from huiyin.records.places.services import add_place
from huiyin.work.cases.sorting import CategoryEntry, sync_categories
from tests.people import BY

from .conftest import REPAIR, Api, Centre

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "000000050001a5f645400000000049454e44ae426082"
)


def test_a_key_says_whom_it_acts_as(alice: Api) -> None:
    told = alice.get("/me").data

    assert (told["username"], told["name"], told["sites"]) == ("alice", "Alice", ["here"])
    assert "cases.register" in told["permissions"]
    (site,) = alice.get("/sites").data["items"]
    assert (site["code"], "cases.close" in site["permissions"]) == ("here", True)


def test_a_place_is_found_in_every_spelling(alice: Api) -> None:
    for spelling in ("3-501", "3-0-501", "3栋501", "三栋501"):
        items = alice.get(f"/places?site=here&q={spelling}").data["items"]

        assert [place["code"] for place in items] == ["3-0-501"], spelling
    assert alice.get("/places?q=nothing").data == {"items": [], "next": None}


def test_a_place_is_read_by_its_code_with_what_it_lies_in(alice: Api) -> None:
    told = alice.get("/places/here/3-0-501").data

    assert (told["site"], told["kind"], told["room"], told["within"]) == ("here", "room", "501", ["3"])
    assert alice.get("/places/here/4-0-501").status == 404
    assert alice.get("/places/there/3-0-501").status == 404


def test_a_code_with_a_slash_is_read(centre: Centre, alice: Api) -> None:
    with use(system_scope("test")):
        add_place(centre.people.here, kind="parking_lot", name="地下", code="B1/023", by=BY)

    assert alice.get("/places/here/B1/023").data["code"] == "B1/023"


def test_places_come_in_pages_in_natural_order(centre: Centre, alice: Api) -> None:
    with use(system_scope("test")):
        for number in (10, 9, 2, 1):
            add_place(centre.people.here, kind="parking_lot", name=f"车场{number}", code=f"P{number}", by=BY)
    seen: list[str] = []
    after = ""
    while True:
        page = alice.get(f"/places?site=here&kind=parking_lot&limit=3&after={after}").data
        seen += [place["code"] for place in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]

    assert seen == ["P1", "P2", "P9", "P10"]
    assert alice.get("/places?kind=castle").status == 422


def test_a_call_shows_whose_number_it_is_and_no_number_in_full(alice: Api) -> None:
    for number in ("13800138000", "138 0013 8000", "+8613800138000", "8000"):
        (caller,) = alice.get(f"/customers?phone={number.replace('+', '%2B')}").data["items"]

        assert caller["name"] == "张三丰here"
        assert caller["phone"] == "138****8000"
        assert caller["holdings"] == [{"role": "owner", "place": "3-0-501", "asset": None}]
        assert "13800138000" not in json.dumps(caller)
    assert alice.get("/customers?phone=13700000000").data["items"] == []


def test_a_number_that_is_none_is_refused(alice: Api) -> None:
    for query in ("", "?phone=", "?phone=123", "?phone=abcdef", "?phone=%00%00%00%00", "?phone=" + "1" * 41):
        assert alice.get(f"/customers{query}").status == 422, query


def test_categories_are_those_offered_at_the_site(centre: Centre, alice: Api) -> None:
    here = centre.people.here
    with use(system_scope("test")):
        own = CategoryEntry("repair.leak", "本小区漏水", "repair", origin="test")
        sync_categories(here, entries=[own], origin="test", by=BY)
    told = {one["code"]: one for one in alice.get("/categories?site=here").data["items"]}

    assert told["repair.leak"]["name"] == "本小区漏水"
    assert told["repair"]["parent"] is None
    case = alice.post("/cases", {**REPAIR, "category": "repair.leak"}).data
    with use(system_scope("test")):
        sync_categories(here, entries=[], origin="test", by=BY)
    assert case["category"] == "repair.leak"
    assert {one["code"]: one for one in alice.get("/categories?site=here").data["items"]}["repair.leak"][
        "name"
    ] == "漏水"


def test_a_file_is_attached_listed_and_read_back(centre: Centre, alice: Api) -> None:
    code = centre.case().code
    told = alice.upload(f"/cases/{code}/files", "现场.txt", "水漫了".encode())

    assert (told.status, told.data["name"], told.data["content_type"]) == (201, "现场.txt", "text/plain")
    assert alice.get(f"/cases/{code}/files").data["items"] == [told.data]
    read = alice.get(told.data["url"].removeprefix("/api/v1"))
    assert (read.status, read.content.decode()) == (200, "水漫了")
    assert read.headers["Content-Disposition"].startswith("attachment")


def test_the_same_content_twice_is_one_file(centre: Centre, alice: Api) -> None:
    code = centre.case().code
    first, again = (alice.upload(f"/cases/{code}/files", "a.png", PNG).data for _ in range(2))

    assert first["id"] == again["id"]


def test_a_part_of_a_file_is_read(centre: Centre, alice: Api) -> None:
    code = centre.case().code
    url = alice.upload(f"/cases/{code}/files", "a.txt", b"0123456789").data["url"].removeprefix("/api/v1")

    assert (alice.get(url, Range="bytes=2-4").status, alice.get(url, Range="bytes=2-4").content) == (
        206,
        b"234",
    )
    assert alice.get(url, Range="bytes=99-").status == 416
    assert alice.get(url, If_None_Match=alice.get(url).headers["ETag"]).status == 304


def test_a_file_that_cannot_be_taken_is_refused(centre: Centre, alice: Api, tmp_path: Path) -> None:
    path = f"/cases/{centre.case().code}/files"
    for name, content, status in (
        ("a.exe", b"MZ" + b"\x00" * 100, 415),
        ("a.png", b"no picture at all", 415),
        ("a.txt", b"", 422),
        ("a.txt", b"x" * (20 * 1024 * 1024 + 1), 413),
    ):
        told = alice.upload(path, name, content)

        assert told.status == status, told.data
        assert set(told.data) == {"code", "message", "field", "details"}
    assert alice.get(path).data["items"] == []


def test_what_is_no_upload_is_refused(centre: Centre, alice: Api) -> None:
    path = f"/cases/{centre.case().code}/files"
    form = "multipart/form-data; boundary=x"
    for kind, body, status in (
        (form, b"", 422),
        (form, b"garbage", 422),
        (form, b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n', 422),
        (
            form,
            b'--x\r\nContent-Disposition: form-data; name="other"; filename="a.txt"\r\n\r\nhi\r\n--x--\r\n',
            422,
        ),
        ("multipart/form-data", b"hello", 400),
        ("application/json", b"{}", 415),
        ("application/octet-stream", b"hello", 415),
    ):
        told = alice.send("POST", path, body, Content_Type=kind)

        assert told.status == status, (kind, body, told.data)


def test_a_file_that_is_none_is_404(alice: Api) -> None:
    for number in ("0", "1", "999999", str(2**63), str(2**64), "-1"):
        assert alice.get(f"/files/{number}").status == 404, number
    assert alice.get("/files/abc").status == 422
