"""Reports: content, Korean PDF with its font, workbook, queue, cancel, schedules, and who may have them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.sdk import Context
from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied
from portal.notifications.models import Delivery, Event
from portal.workspaces.services import actor_for, create_workspace
from properties.desk_models import Report, ReportSchedule
from properties.intake import take_adverts
from properties.models import Listing
from properties.normalise import RawAdvert
from properties.report_tools import create_report, get_report
from properties.reports import services
from properties.reports.build import build_document
from properties.reports.deals import Deals
from properties.reports.document import ReportRequest
from properties.reports.pdf import document_pdf, font_folder
from properties.reports.workbook import document_workbook
from properties.resolution import resolve_regions
from properties.services import requirement_create

REGION = "1165010100"
DEALS = {
    "as_of": "2026-11-01T00:00:00Z",
    "source": "국토교통부 실거래가",
    "mode": "live",
    "unapplied": [],
    "empty_reason": "",
    "items": [
        {
            "dealt_on": "2026-09-03",
            "name": "가나래미",
            "exclusive_m2": 84.97,
            "floor": 11,
            "price_manwon": 121_000,
        }
    ],
}
MARKET = {
    **DEALS,
    "change_percent": 3.2,
    "jeonse_ratio": 0.61,
    "months": [
        {"month": "2026-08", "deals": 12, "median_price_manwon": 118_000, "median_per_m2_manwon": 1400.0},
        {"month": "2026-09", "deals": 2, "median_price_manwon": None, "median_per_m2_manwon": None},
        {"month": "2026-10", "deals": 9, "median_price_manwon": 121_000, "median_per_m2_manwon": 1445.5},
    ],
    "dongs": [
        {"name": "방배동", "deals": 9, "median_price_manwon": 121_000, "median_per_m2_manwon": 1445.5},
    ],
    "complexes": [],
    "sizes": [],
    "forecast": [{"months_ahead": 1, "per_m2_manwon": 1450.0, "low": 1400.0, "high": 1500.0}],
    "notes": ["202610: still changing"],
}


def ministry(workspace, tool, params):
    return Deals(MARKET if tool == "market_report" else DEALS)


def away(workspace, tool, params):
    return Deals(problem="The service key is not registered. Check the key.")


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("properties.reports.build.build_document.__defaults__", (ministry,))


@pytest.fixture
def homes(workspace) -> list[Listing]:
    prices = ["12억 3,000", "11억 9,000", "13억", "12억 8,000", "12억"]
    take_adverts(
        workspace,
        [
            RawAdvert(
                "own",
                str(number),
                {
                    "trade": "매매",
                    "property_type": "아파트",
                    "complex_name": "가나래미",
                    "price_text": price,
                    "exclusive": "84.97",
                    "floor": f"{number + 3}/25",
                    "building_dong": f"{101 + number}동",
                    "region_code": REGION,
                },
            )
            for number, price in enumerate(prices)
        ],
    )
    resolve_regions(workspace, [REGION])
    return list(Listing.objects.for_workspace(workspace).order_by("price"))


def market(**fields) -> ReportRequest:
    return ReportRequest(kind="market", region="서초구", **fields)


def text_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Name → whether its outlines are embedded."""
    from pypdf import PdfReader

    found = {}
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"]["/Font"].values():
            font = font.get_object()
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            descriptor = inner.get("/FontDescriptor")
            embedded = descriptor is not None and "/FontFile2" in descriptor.get_object()
            found[str(font["/BaseFont"])] = embedded
    return found


# Content


def test_the_pdf_speaks_korean_with_its_own_font(workspace, homes):
    document = build_document(workspace, market(office="방배 공인중개사"))

    pdf = document_pdf(document)

    text = text_of(pdf)
    assert "시장 리포트: 서울특별시 서초구" in text
    assert "방배 공인중개사" in text and "전세가율" in text and "61.0" in text
    assert "14억 4" not in text and "1,400" in text
    fonts = {name: embedded for name, embedded in fonts_of(pdf).items() if "Nanum" in name}
    assert fonts and all(fonts.values())
    assert len(pdf) < 400_000


def test_the_font_is_installed_with_the_product():
    assert {"NanumGothic.ttf", "NanumGothicBold.ttf"} <= {path.name for path in font_folder().iterdir()}


def test_the_owner_learns_where_the_price_stands(workspace, homes, actor):
    requirement_create(actor, customer="김비밀", trade="sale", region_codes=["1165000000"], price_max=150_000)
    wish = ReportRequest(kind="owner", listing_id=str(homes[-1].pk))

    document = build_document(workspace, wish)

    words = " ".join(text for section in document.sections for text in section.paragraphs)
    assert "4개" in words and "107.0" in words  # 13억 over 12억 1,500, the median of the other four
    assert "1명" in words
    assert "김비밀" not in document.model_dump_json()
    deals = next(
        section
        for section in document.sections
        if section.table and section.table.rows[:1] and section.table.rows[0][0] == "2026-09-03"
    )
    assert deals.table.rows[0][-1] == 121_000


def test_the_buyer_sees_why_each_home_fits(workspace, homes, actor):
    wish = requirement_create(
        actor, customer="박매수", trade="sale", region_codes=["1165000000"], price_max=125_000, rooms_min=3
    )

    document = build_document(workspace, ReportRequest(kind="buyer", requirement_id=str(wish.pk)))

    table = next(section.table for section in document.sections if section.table)
    assert len(table.rows) == 3
    assert "가격" in str(table.rows[0][-2]) and "방" in str(table.rows[0][-1])


def test_what_the_ministry_did_not_give_is_said(workspace, homes):
    document = build_document(workspace, market(), away)

    assert any("not registered" in note for note in document.notes)
    assert any(section.table and section.table.rows for section in document.sections)
    assert "not registered" in text_of(document_pdf(document))


def test_names_with_markup_stay_text(workspace, homes):
    Listing.objects.filter(pk=homes[0].pk).update(title="<b>=1+1</b> & 하이츠")
    document = build_document(workspace, ReportRequest(kind="owner", listing_id=str(homes[0].pk)))

    assert "<b>=1+1</b> & 하이츠" in text_of(document_pdf(document)).replace("\n", " ")


def test_the_workbook_has_numbers_and_no_formulas(workspace, homes):
    from openpyxl import load_workbook

    Listing.objects.filter(pk=homes[0].pk).update(title="=1+1")
    wish = ReportRequest(kind="owner", listing_id=str(homes[-1].pk), language="en")

    book = load_workbook(io.BytesIO(document_workbook(build_document(workspace, wish))))

    sheet = book["Like homes on offer"]
    assert sheet["A2"].value.startswith("=1+1") and sheet["A2"].data_type == "s"
    assert sheet["B2"].value == 119_000 and "10,000 won" in sheet["B1"].value


def test_many_rows_break_over_pages_with_their_head(workspace, homes):
    from pypdf import PdfReader

    document = build_document(workspace, market())
    table = next(section.table for section in document.sections if section.table)
    table.rows = [[f"2020-{number}", number, 1000 + number, 10.5] for number in range(450)]

    pages = PdfReader(io.BytesIO(document_pdf(document))).pages

    assert len(pages) > 5
    assert "중위가격" in pages[3].extract_text()
    assert "400" in pages[-1].extract_text() or "400" in pages[-2].extract_text()


# The queue


def test_a_report_is_made_once_and_told_by_mail(actor, homes, django_capture_on_commit_callbacks):
    report = services.report_request(actor, market())

    with django_capture_on_commit_callbacks(execute=True):
        services.report_make(report.pk)
    services.report_make(report.pk)

    report.refresh_from_db()
    assert report.state == "succeeded" and set(report.files) == {"pdf", "xlsx"}
    assert default_storage.open(services.path_of(report.workspace_id, report.files["pdf"])).read(5) == b"%PDF-"
    event = Event.objects.get(topic="properties.report")
    assert "시장 리포트" in event.title_ko and event.url.endswith(str(report.pk))
    assert Delivery.objects.filter(events=event, channel="email", address="owner@example.test").exists()


def test_a_cancelled_report_keeps_no_files(actor, homes, monkeypatch):
    report = services.report_request(actor, market())
    store = services._store

    def store_and_cancel(report, kind, document):
        file = store(report, kind, document)
        services.report_cancel(actor, report.pk)
        return file

    monkeypatch.setattr(services, "_store", store_and_cancel)
    services.report_make(report.pk)

    report.refresh_from_db()
    assert (report.state, report.files, report.document) == ("cancelled", {}, None)
    assert not [path for path in Path(default_storage.path("")).rglob("*") if path.is_file()]
    with pytest.raises(Conflict):
        services.report_cancel(actor, report.pk)


def test_a_report_about_nothing_is_refused(actor, workspace):
    with pytest.raises(Invalid, match=r"not complete|부족"):
        services.report_request(actor, ReportRequest(kind="owner"))
    with pytest.raises(NotFound):
        services.report_request(actor, ReportRequest(kind="buyer", requirement_id=str(workspace.pk)))
    assert not Report.objects.exists()


def test_a_lost_worker_is_made_good_and_given_up_in_the_end(actor, homes):
    report = services.report_request(actor, market())
    old = timezone.now() - timedelta(hours=1)
    Report.objects.filter(pk=report.pk).update(state="running", queued_at=old, started_at=old)

    assert services.reports_rescue() == 1
    report.refresh_from_db()
    assert (report.state, report.attempts) == ("queued", 1)
    assert services.reports_rescue() == 0

    Report.objects.filter(pk=report.pk).update(queued_at=old, started_at=None, attempts=2)
    services.reports_rescue()
    report.refresh_from_db()
    assert report.state == "failed" and "worker" in report.problem


# Schedules


@pytest.mark.parametrize(
    ("rhythm", "expected"),
    [
        ("daily", datetime(2026, 11, 21, 23, tzinfo=UTC)),  # 8:00 of the 22nd in Seoul
        ("weekly", datetime(2026, 11, 22, 23, tzinfo=UTC)),  # Monday the 23rd
        ("monthly", datetime(2026, 11, 30, 23, tzinfo=UTC)),  # the 1st of December
    ],
)
def test_the_next_time_is_in_seoul(rhythm, expected):
    schedule = ReportSchedule(rhythm=rhythm, hour=8, weekday=0, day=1)

    assert services.next_time(schedule, datetime(2026, 11, 21, 2, tzinfo=UTC)) == expected


def test_a_due_schedule_makes_one_report_and_moves_on(actor, homes):
    schedule = services.schedule_create(actor, market(), rhythm="weekly")
    late = schedule.next_at + timedelta(days=30)

    assert services.reports_due(late) == 1
    assert services.reports_due(late) == 0

    schedule.refresh_from_db()
    assert schedule.next_at > late
    assert Report.objects.get().schedule_id == schedule.pk


def test_a_schedule_whose_customer_is_gone_says_so_and_stops(actor, homes, django_capture_on_commit_callbacks):
    wish = requirement_create(actor, customer="박매수", trade="sale")
    schedule = services.schedule_create(actor, ReportRequest(kind="buyer", requirement_id=str(wish.pk)))
    wish.delete()

    with django_capture_on_commit_callbacks(execute=True):
        services.reports_due(schedule.next_at)

    schedule.refresh_from_db()
    assert not schedule.is_active
    assert "customer" in Report.objects.get().problem
    assert Event.objects.filter(topic="properties.report", severity="warning").exists()


def test_a_wrong_schedule_names_its_fields(actor, homes):
    with pytest.raises(Invalid) as caught:
        services.schedule_create(actor, market(), rhythm="hourly", hour=25)

    assert {problem.field for problem in caught.value.problems} == {"rhythm", "hour"}


# Doors


@pytest.fixture
def browser(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def test_the_page_asks_previews_and_downloads(browser, homes):
    form = {"kind": "market", "region": "서초구", "property_type": "apartment", "months": "6", "language": "ko"}
    asked = browser.post(reverse("properties:report-new"), form)
    report = Report.objects.get()
    assert asked["Location"] == reverse("properties:report-detail", args=[report.pk])
    assert "data-active" in browser.get(asked["Location"]).content.decode()

    services.report_make(report.pk)

    page = browser.get(asked["Location"]).content.decode()
    assert "12억 1,000만" in page  # in the report's language, whatever the page's is
    assert "report-figure-1" in page and "data-active" not in page
    assert report.title in browser.get(reverse("properties:report-list")).content.decode()
    file = browser.get(reverse("properties:report-file", args=[report.pk, "pdf"]))
    assert b"".join(file.streaming_content).startswith(b"%PDF-")
    assert file["Content-Type"] == "application/pdf" and "attachment" in file["Content-Disposition"]
    assert browser.get(reverse("properties:report-file", args=[report.pk, "docx"])).status_code == 404


def test_a_wrong_form_comes_back_with_its_reason(browser, homes):
    form = {"kind": "market", "region": "없는구", "property_type": "apartment", "months": "6", "language": "ko"}
    answer = browser.post(reverse("properties:report-new"), form)

    assert answer.status_code == 422
    assert "없는구" in answer.content.decode()


def test_rest_queues_reads_and_cancels(browser, homes):
    body = {"kind": "owner", "listing_id": str(homes[0].pk), "report_language": "en"}
    asked = browser.post(reverse("properties-api-reports"), body, content_type="application/json")
    assert asked.status_code == 202, asked.content
    address = reverse("properties-api-report", args=[asked.json()["id"]])
    assert browser.get(address).json()["state"] == "queued"

    cancelled = browser.post(reverse("properties-api-report-cancel", args=[asked.json()["id"]]))

    assert cancelled.json()["state"] == "cancelled"
    assert browser.delete(address).status_code == 204


def test_rest_schedules_and_ends(browser, homes):
    body = {"kind": "market", "region": "서초구", "rhythm": "monthly", "day": 5}
    asked = browser.post(reverse("properties-api-report-schedules"), body, content_type="application/json")
    assert asked.status_code == 201, asked.content

    assert browser.delete(reverse("properties-api-report-schedule", args=[asked.json()["id"]])).status_code == 204
    assert not ReportSchedule.objects.exists()


def test_a_viewer_reads_reports_and_makes_none(viewer, workspace, actor, homes):
    report = services.report_request(actor, market())
    client = Client()
    client.force_login(viewer)

    assert client.get(reverse("properties:report-detail", args=[report.pk])).status_code == 200
    with pytest.raises(PermissionDenied):
        services.report_request(actor_for(viewer, workspace), market())


def test_strangers_find_nothing(outsider, actor, homes):
    report = services.report_request(actor, market())
    services.report_make(report.pk)
    client = Client()
    client.force_login(outsider)

    assert client.get(reverse("properties:report-detail", args=[report.pk])).status_code == 404
    assert client.get(reverse("properties:report-file", args=[report.pk, "pdf"])).status_code == 404
    elsewhere = actor_for(outsider, create_workspace(outsider, "Another"))
    with pytest.raises(NotFound):
        services.report_cancel(elsewhere, report.pk)


@pytest.mark.django_db(transaction=True)
async def test_the_tool_queues_and_fetches_files(actor, homes):
    from asgiref.sync import sync_to_async

    ctx = Context(http=None, workspace_id=str(actor.workspace.pk))
    asked = await create_report.invoke(ctx, {"report_for": "market", "region": "서초구"})
    assert asked["state"] == "queued" and "ask again" in asked["empty_reason"]

    await sync_to_async(services.report_make)(asked["report_id"])
    answer = await get_report.invoke(ctx, {"report_id": asked["report_id"]})

    assert answer["state"] == "succeeded"
    assert {file["content_type"] for file in answer["files"]} == set(services.TYPES.values())
    assert answer["as_of"] is not None and "국토교통부" in answer["source"]
