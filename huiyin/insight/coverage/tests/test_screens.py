"""The page of the handbook: clauses, what fulfils them, figures that open their records, gaps."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from openpyxl import load_workbook

from huiyin.base.kit.moment import moved_to, now, today
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import Post
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import add_user, appoint, save_post
from huiyin.engines.approvals.services import submit
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.engines.packs.services import load
from huiyin.insight.coverage.claims import claims
from huiyin.insight.coverage.requirements import folder, read_chinese, requirements
from huiyin.insight.coverage.selectors import reckon
from huiyin.insight.coverage.shipped import shipped_entries
from huiyin.insight.coverage.words import post_words
from huiyin.work.cases import services
from huiyin.work.cases.models import Category

from .conftest import LONG_AGO, RIGHTS, Estate

PAGE = "/coverage/"


@pytest.fixture
def busy(estate: Estate) -> Iterator[Estate]:
    """A morning at the first site: three attitude complaints, of which one is answered late, and a request."""
    with use(system_scope("test")) as scope:
        asks = save_post(
            None,
            code="asks",
            name="申请人",
            level="site",
            permissions=[*RIGHTS, "approvals.view"],
            by=scope.actor,
        )
        appoint(estate.site.unit, user=estate.alice, post=asks, starts_on=LONG_AGO, by=scope.actor)
        director = Post.objects.get(code="site-director")
        appoint(estate.site.unit, user=estate.bob, post=director, starts_on=LONG_AGO, by=scope.actor)
        category = Category.objects.get(code="complaint.attitude.desk")
    start = now() - timedelta(hours=14)
    for late in (False, False, True):
        with moved_to(start), use(scope_of(estate.alice)) as scope:
            case = services.register(
                estate.site,
                kind="complaint",
                channel="phone",
                title="态度",
                category=category,
                by=scope.actor,
            )
        with moved_to(start + timedelta(hours=13 if late else 1)), use(scope_of(estate.alice)) as scope:
            services.answer(case, text="已道歉", by=scope.actor)
            services.close(case, by=scope.actor)
    with use(system_scope("test")):
        tick()
    with use(scope_of(estate.alice)) as scope:
        submit(estate.site, kind="complaints.handling", title="投诉处理", by=scope.actor)
    yield estate


def client(user: object) -> Client:
    made = Client()
    made.force_login(user)  # type: ignore[arg-type]
    return made


def test_every_clause_of_the_trade_stands_with_what_fulfils_it_or_why_not(busy: Estate) -> None:
    page = client(busy.alice).get(PAGE)
    assert page.status_code == 200
    assert page.context["total"] == 907
    rows = client(busy.alice).get(PAGE, {"print": "1"}).context["rows"]
    assert len(rows) == 907
    states = {row.requirement.id: row for row in rows}
    assert states["001-320"].state == "kept" and states["001-320"].url.startswith("/packs/entries/")
    assert states["001-323"].state == "other" and "维修完成时限" in states["001-323"].why
    assert states["001-322"].state == "open" and "到场" in states["001-322"].why
    assert states["001-016"].url == "/cases/new/"
    assert all(row.test for row in rows if row.state == "kept")


def test_it_is_narrowed_by_kind_capability_post_state_and_words(busy: Estate) -> None:
    own = client(busy.alice)
    for asked, size in (
        ({"kind": "time-limit"}, 57), ({"kind": "kpi"}, 48), ({"kind": "authority"}, 87),
        ({"q": "001-117"}, 1), ({"q": "不会有的字"}, 0), ({"state": "nonsense"}, 0), ({"page": "999"}, 907),
    ):  # fmt: skip
        assert own.get(PAGE, asked).context["found"] == size, asked
    clocks = own.get(PAGE, {"capability": "CLOCK", "print": "1"}).context["rows"]
    assert {row.requirement.capability for row in clocks} == {"CLOCK"}
    post = clocks[0].requirement.post
    assert {row.requirement.post for row in own.get(PAGE, {"post": post}).context["rows"]} == {post}
    kept = own.get(PAGE, {"state": "kept", "print": "1"}).context["rows"]
    assert kept and all(row.state == "kept" for row in kept)


def test_it_speaks_the_language_of_its_reader_and_folds_the_other_away(estate: Estate) -> None:
    own = client(estate.alice)
    (row,) = own.get(PAGE, {"q": "001-117"}).context["rows"]
    page = own.get(PAGE, {"q": "001-117"}).content.decode()
    with translation.override("zh-hans"):
        assert row.headline == "三个工作日内不能完成的，须经中心负责人签字延期，另定完成日期。"
        assert row.folded.endswith("with a new due date.")
        assert (row.number, row.post) == ("", "物业服务中心负责人")
    before, _mark, after = page.partition("<details")
    assert "另定完成日期" in before
    assert "a new due date" not in before
    assert "a new due date" in after
    with translation.override("en"):
        assert row.headline.endswith("with a new due date.")
        assert row.folded.startswith("三个工作日内不能完成的")
        assert (row.number, row.post) == ("> 3 working days", "head of service centre (物业服务中心负责人)")


def test_what_binds_a_site_is_told_in_chinese() -> None:
    """All that is kept, every limit, authority and target figure, and whatever has no words of its handbook."""
    known = {one.id: one for one in requirements()}
    assert set(read_chinese(folder())) <= set(known)
    verdicts = reckon(requirements(), shipped_entries(default_folders()), claims())
    silent = [
        one.requirement.id
        for one in verdicts
        if not one.requirement.zh
        and (
            one.kept
            or (
                one.requirement.organisation == "property"
                and one.requirement.kind in ("time-limit", "authority", "kpi")
            )
            or (one.requirement.organisation == "property" and not one.requirement.terms.strip("- "))
        )
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("all", "全体员工"),
        ("department head (专业部门负责人)", "专业部门负责人"),
        ("Lobby desk 客服员(大堂)", "客服员(大堂)"),
        ("Environment supervisor and deputy 环境管理主管/副主管", "环境管理主管/副主管"),
        ("customer service centre director (管理处/客户服务中心主任)", "管理处/客户服务中心主任"),
        ("somebody", "somebody"),
    ],
)
def test_a_post_is_named_as_the_handbook_names_it(text: str, chinese: str) -> None:
    with translation.override("zh-hans"):
        assert post_words(text) == (post_words("all") if text == "all" else chinese)
    with translation.override("en"):
        assert post_words(text) == ("Everybody" if text == "all" else text)


@pytest.mark.parametrize("month", ["", "2026-13", "0000-01", "x", "99999-01", "2026-1'--"])
def test_a_strange_month_is_this_one(estate: Estate, month: str) -> None:
    assert client(estate.alice).get(PAGE, {"month": month}).context["period"].first == today().replace(day=1)


def test_every_proof_opens_the_very_records_it_counts(busy: Estate) -> None:
    start = (now() - timedelta(hours=14)).astimezone().date()
    own, seen = client(busy.alice), set()
    for month in {f"{start:%Y-%m}", f"{today():%Y-%m}"}:
        rows = own.get(PAGE, {"print": "1", "month": month}).context["rows"]
        for row in rows:
            if row.evidence is None or (row.item.section, row.item.code, month) in seen:
                continue
            seen.add((row.item.section, row.item.code, month))
            for part, size in (("num", row.evidence.count), ("den", row.evidence.total)):
                if size is not None:
                    url = f"{PAGE}yunhe/{row.item.section}/{row.item.code}/{part}/"
                    found = own.get(url, {"month": month})
                    assert len(found.context["rows"]) == size, (url, month)
    assert {section for section, _code, _month in seen} >= {"limits", "targets", "approvals"}


def test_the_figures_say_how_many_were_kept(busy: Estate) -> None:
    month = f"{(now() - timedelta(hours=14)).astimezone():%Y-%m}"
    rows = client(busy.alice).get(PAGE, {"q": "001-320", "month": month}).context["rows"]
    (row,) = rows
    assert (row.item.code, row.evidence.count, row.evidence.total) == ("finish-complaint-attitude", 2, 3)


def test_it_is_taken_away_as_a_spreadsheet(busy: Estate) -> None:
    answer = client(busy.alice).get(PAGE, {"export": "1", "kind": "time-limit"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet is not None and sheet.max_row == 58


def test_a_clause_of_the_own_handbook_stands_first(estate: Estate, tmp_path: Path) -> None:
    """A site's own entry is a clause of its own handbook, for its people only."""
    folder = tmp_path / "own-rules"
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        'code: own-rules\nname: {zh: 细则}\nlayer: site\nversion: "1"\nsite: yunhe\n', encoding="utf-8"
    )
    (folder / "limits.yaml").write_text(
        "- {code: answer-praise, name: {zh: 致谢}, clock: answer, when: {kind: [praise]}, "
        "limit: {value: 2, unit: hours}, clause: 细则第四条}\n",
        encoding="utf-8",
    )
    with use(system_scope("test")) as scope:
        load([folder], by=scope.actor)
    first = client(estate.alice).get(PAGE).context["rows"][0]
    assert (first.clause, first.requirement, first.state) == ("细则第四条", None, "kept")
    assert "细则第四条" not in client(estate.carol).get(PAGE).content.decode()


def test_nobody_reads_it_without_the_right_or_elsewhere(busy: Estate) -> None:
    assert client(busy.carol).get(PAGE, {"site": "yunhe"}).status_code == 404
    url = f"{PAGE}yunhe/limits/answer-complaint-attitude/den/"
    assert client(busy.carol).get(url).status_code == 404
    assert client(busy.alice).get(url.replace("answer-complaint-attitude", "nothing")).status_code == 404
    assert client(busy.alice).get(url.replace("limits", "posts")).status_code == 404
    assert client(busy.alice).get(url.replace("/den/", "/x/")).status_code == 404
    with use(system_scope("test")) as scope:
        nobody = add_user(None, username="dan", name="dan", password="hui-yin-2026", by=scope.actor)
        look = Post.objects.get(code="look")
        appoint(busy.site.unit, user=nobody, post=look, starts_on=LONG_AGO, by=scope.actor)
    assert client(nobody).get(PAGE).status_code == 403
    assert client(nobody).get(url).status_code == 403


def test_the_table_of_limits_says_whom_a_late_one_reaches_and_by_which_calendar(estate: Estate) -> None:
    table = client(estate.alice).get("/packs/limits/", {"site": "yunhe"}).content.decode()
    assert "逐级升级" in table
    assert "5 分钟" in table and "客服主管" in table
