"""Reports as tools: ask for one, and fetch it with its files."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from asgiref.sync import sync_to_async
from pydantic import Field

from integrations.sdk import Context, FileRef, Param, Rejected, Text
from properties.results import Answer
from properties.workspace_tools import actor_of, properties, workspace_of


class ReportFor(StrEnum):
    """Whom the report is for."""

    OWNER = "owner"
    BUYER = "buyer"
    MARKET = "market"


class ReportLanguage(StrEnum):
    KOREAN = "ko"
    ENGLISH = "en"


class ReportAnswer(Answer):
    """How a report stands; its files when they are ready."""

    report_id: str
    kind: str
    title: str
    state: str = Field(description="queued, running, succeeded, failed or cancelled")
    files: list[FileRef] = Field(default_factory=list)
    paragraphs: list[str] = Field(default_factory=list, description="What the report says in words")


@properties.action(
    title=Text(en="Make a report", ko="리포트 만들기"),
    description=Text(
        en="Queues a report as PDF and XLSX: for the owner of a listing, for a buyer (a customer), or on a "
        "region's market. Fetch it with get_report.",
        ko="매물 소유자용, 매수자(고객)용, 지역 시장용 리포트를 PDF와 XLSX로 만듭니다. get_report로 받습니다.",
    ),
    effect="write",
)
async def create_report(
    ctx: Context,
    report_for: Annotated[ReportFor, Param("Whom it is for", "대상")],
    listing_id: Annotated[str, Param("Listing, for an owner's report", "소유자용: 매물 ID", max_length=36)] = "",
    customer: Annotated[str, Param("Customer, for a buyer's report", "매수자용: 고객 이름", max_length=80)] = "",
    region: Annotated[str, Param("Region, for a market report", "시장용: 지역", max_length=60)] = "",
    months: Annotated[int, Param("Months of reported sales", "실거래 개월 수", ge=1, le=36)] = 12,
    language: Annotated[ReportLanguage, Param("Language of the report", "리포트 언어")] = ReportLanguage.KOREAN,
) -> ReportAnswer:
    """Queue a report."""

    def write() -> ReportAnswer:
        from properties.models import Requirement
        from properties.reports.document import ReportRequest
        from properties.reports.services import report_request

        actor = actor_of(ctx)
        requirement_id = ""
        if report_for is ReportFor.BUYER:
            wish = Requirement.objects.for_workspace(actor.workspace).filter(customer=customer, is_active=True).first()
            if wish is None:
                raise Rejected(f"There is no customer named {customer!r}.", remedy="Add the customer's wishes first.")
            requirement_id = str(wish.pk)
        wanted = ReportRequest(
            kind=report_for.value,
            listing_id=listing_id if report_for is ReportFor.OWNER else "",
            requirement_id=requirement_id,
            region=region if report_for is ReportFor.MARKET else "",
            months=months,
            language=language.value,
        )
        return _answer(report_request(actor, wanted))

    return await sync_to_async(write)()


@properties.action(
    title=Text(en="Fetch a report", ko="리포트 받기"),
    description=Text(
        en="How a report stands, and its files and main sentences once it is ready.",
        ko="리포트 진행 상태, 완료되면 파일과 요약 문장.",
    ),
)
async def get_report(
    ctx: Context,
    report_id: Annotated[
        str, Param("Id from create_report", "create_report에서 받은 ID", min_length=36, max_length=36)
    ],
) -> ReportAnswer:
    """A report with its files."""
    workspace_id = workspace_of(ctx)

    def read() -> ReportAnswer:
        from properties.reports.services import report_of

        try:
            wanted = UUID(report_id)
        except ValueError:
            raise Rejected("This is no report id.", remedy="Take the id from create_report.") from None
        return _answer(report_of(workspace_id, wanted))

    return await sync_to_async(read)()


def _answer(report: object) -> ReportAnswer:
    from properties.desk_models import Report
    from properties.reports.document import ReportFormat
    from properties.reports.services import TYPES

    assert isinstance(report, Report)
    document = report.document or {}
    ended_badly = report.state in (Report.State.FAILED, Report.State.CANCELLED)
    return ReportAnswer(
        as_of=report.as_of,
        source=", ".join(document.get("sources", ())) or "Listings of this workspace",
        unapplied=list(document.get("notes", ())),
        empty_reason=(report.problem or f"The report was {report.state}.") if ended_badly
        else "" if report.files else f"The report is {report.state}; ask again in a few seconds.",
        report_id=str(report.pk),
        kind=report.kind,
        title=report.title,
        state=report.state,
        files=[
            FileRef(
                id=file["id"], name=file["name"], size=file["size"], sha256=file["sha256"],
                content_type=TYPES[ReportFormat(kind)],
            )
            for kind, file in report.files.items()
        ],
        paragraphs=[text for section in document.get("sections", ()) for text in section["paragraphs"]],
    )  # fmt: skip
