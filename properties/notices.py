"""What the listing manager tells the realtor: homes for a customer, and prices that moved on homes they watch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from portal.notifications.models import Channel, Event, Mode, Severity
from portal.notifications.publish import notify
from portal.notifications.receivers import hear
from portal.notifications.topics import Topic, Words
from properties.desk_models import Report, Visit
from properties.models import Listing, Match, Requirement
from properties.signals import matches_found, price_changed, report_ended, visit_near

MATCH, PRICE, REPORT, VISIT = "properties.match", "properties.price", "properties.report", "properties.visit"
TOPICS = [
    Topic(
        MATCH,
        Words("Homes for customers", "고객에게 맞는 매물"),
        Words(
            "New listings fit a customer's wishes: at once or once a day, as the customer's entry says.",
            "고객 조건에 맞는 새 매물입니다. 고객별 설정에 따라 즉시 또는 하루 한 번 알립니다.",
        ),
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        VISIT,
        Words("Visits", "방문 일정"),
        Words("A visit of yours starts within two hours.", "두 시간 안에 시작하는 방문 일정입니다."),
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        REPORT,
        Words("Reports", "리포트"),
        Words(
            "A report that you asked for or that is due is ready, or could not be made.",
            "요청하거나 예약한 리포트가 준비되었거나 만들지 못했습니다.",
        ),
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        PRICE,
        Words("Price changes", "가격 변동"),
        Words(
            "The price of a listing that was matched to a customer moved.", "고객에게 맞는 매물의 가격이 바뀌었습니다."
        ),
    ),
]
SHOWN = 8
#: A price that goes to and fro, or moves on several platforms, is told once within this time.
PRICE_REST = timedelta(hours=6)


def won(amount: int | None, language: str) -> str:
    """An amount in 만원 as people of the language write it."""
    if amount is None:
        return "–"
    if not language.startswith("ko"):
        return f"₩{amount * 10_000:,}"
    high, low = divmod(amount, 10_000)
    return " ".join(part for part in (f"{high:,}억" if high else "", f"{low:,}만" if low or not high else "") if part)


def _price(price: int | None, rent: int | None, language: str) -> str:
    return won(price, language) + (f" / {won(rent, language)}" if rent else "")


def _line(match: Match, language: str) -> str:
    home = match.listing
    parts = [str(home), _price(home.price, home.rent, language)]
    if home.exclusive_m2:
        parts.append(f"{home.exclusive_m2:g}㎡")
    return "• " + " · ".join(parts)


def _body(matches: Sequence[Match], language: str) -> str:
    lines = [_line(match, language) for match in matches[:SHOWN]]
    if len(matches) > SHOWN:
        more = len(matches) - SHOWN
        lines.append(Words(f"and {more} more", f"외 {more}건").in_language(language))
    return "\n".join(lines)


def tell_customer(customer: Requirement, matches: Sequence[Match]) -> Event | None:
    """One message about a customer's new homes; the matches are marked as told."""
    count = len(matches)
    what = hashlib.sha256("".join(sorted(str(match.pk) for match in matches)).encode()).hexdigest()[:32]
    event = notify(
        customer.workspace_id,
        MATCH,
        Words(
            f"{count} home{'s' if count > 1 else ''} for {customer.customer}",
            f"{customer.customer} 고객에게 맞는 매물 {count}건",
        ),
        Words(_body(matches, "en"), _body(matches, "ko")),
        "/properties/customers",
        dedup_key=f"customer:{customer.pk}:{what}",
        data={
            "customer": str(customer.pk),
            "count": count,
            "matches": [
                {
                    "listing": str(match.listing_id),
                    "title": str(match.listing),
                    "trade": match.listing.trade,
                    "price_10k_krw": match.listing.price,
                    "rent_10k_krw": match.listing.rent,
                    "score": round(match.score, 1),
                }
                for match in matches[:100]
            ],
        },
    )
    Match.objects.filter(pk__in=[match.pk for match in matches]).update(notified_at=timezone.now())
    return event


def _by_customer(matches: Iterable[Match]) -> dict[Requirement, list[Match]]:
    found: dict[Requirement, list[Match]] = {}
    for match in matches:
        found.setdefault(match.requirement, []).append(match)
    return found


def _waiting(**conditions: Any) -> dict[Requirement, list[Match]]:
    """Matches that nobody was told of, best first, by customer."""
    rows = Match.objects.filter(
        notified_at=None, is_dismissed=False, requirement__is_active=True, **conditions
    ).select_related("requirement", "listing", "listing__complex")
    return _by_customer(rows.order_by("requirement_id", "-score", "id"))


@hear(matches_found)
def tell_matches(workspace_id: UUID, match_ids: Sequence[UUID], **_: Any) -> list[Event | None]:
    """Instant notices: one message for each customer."""
    waiting = _waiting(workspace_id=workspace_id, pk__in=match_ids)
    return [tell_customer(customer, matches) for customer, matches in waiting.items()]


def tell_daily() -> int:
    """Periodic notices: one message for each customer whose entry asks for it once a day; returns how many."""
    waiting = _waiting(requirement__notify=Requirement.Notify.DAILY)
    for customer, matches in waiting.items():
        tell_customer(customer, matches)
    return len(waiting)


@hear(price_changed)
def tell_price(
    workspace_id: UUID, listing_id: UUID | None, history_id: UUID, before: Any = None, after: Any = None, **_: Any
) -> Event | None:
    """Only homes that are a customer's match: everything else would drown what matters."""
    home = Listing.objects.for_workspace(workspace_id).filter(pk=listing_id).first() if listing_id else None
    if home is None:
        return None
    watching = Match.objects.filter(listing=home, is_dismissed=False, requirement__is_active=True)
    names = sorted(set(watching.values_list("requirement__customer", flat=True)))
    if not names:
        return None
    old, new = dict(before or {}), dict(after or {})
    percent = 0.0
    if old.get("price") and new.get("price"):
        percent = 100 * (new["price"] - old["price"]) / old["price"]
    english = f"fell {-percent:.1f} %" if percent < 0 else f"rose {percent:.1f} %" if percent > 0 else "changed"
    korean = f"{-percent:.1f}% 내림" if percent < 0 else f"{percent:.1f}% 오름" if percent > 0 else "변동"

    def body(language: str) -> str:
        first = _price(old.get("price"), old.get("rent"), language)
        last = _price(new.get("price"), new.get("rent"), language)
        whom = Words("Customers: ", "관련 고객: ").in_language(language) + ", ".join(names[:10])
        return f"{first} → {last}\n{whom}"

    return notify(
        workspace_id,
        PRICE,
        Words(f"Price {english}: {home}", f"가격 {korean}: {home}"),
        Words(body("en"), body("ko")),
        f"/properties/listings/{home.pk}",
        dedup_key=f"price:{history_id}",
        subject=f"listing:{home.pk}",
        cooldown=PRICE_REST,
        data={"listing": str(home.pk), "before": old, "after": new, "change_percent": round(percent, 2)},
    )


@hear(report_ended)
def tell_report(workspace_id: UUID, report_id: UUID, **_: Any) -> Event | None:
    """Whoever asked for the report hears of its end, and for a scheduled one the workspace's own destinations too."""
    report = Report.objects.for_workspace(workspace_id).filter(pk=report_id).first()
    if report is None or not report.request.get("notify", True):
        return None
    failed = report.state == Report.State.FAILED
    sections = (report.document or {}).get("sections", [])
    facts = [text for section in sections for text in section["paragraphs"]][:4]
    files = ", ".join(sorted(name.upper() for name in report.files))
    return notify(
        workspace_id,
        REPORT,
        Words(f"Report failed: {report.title}", f"리포트를 만들지 못했습니다: {report.title}")
        if failed
        else Words(f"Report ready: {report.title}", f"리포트 준비됨: {report.title}"),
        report.problem
        if failed
        else Words("\n".join([f"Files: {files}", *facts]), "\n".join([f"파일: {files}", *facts])),
        f"/properties/reports/{report.pk}",
        severity=Severity.WARNING if failed else Severity.SUCCESS,
        dedup_key=f"report:{report.pk}",
        people=[report.requested_by] if report.requested_by else [],
        include_workspace=report.schedule_id is not None,
        data={"report": str(report.pk), "kind": report.kind, "state": report.state, "files": sorted(report.files)},
    )


@hear(visit_near)
def tell_visit(workspace_id: UUID, visit_id: UUID, **_: Any) -> Event | None:
    """The guide is reminded; without one, everybody of the workspace."""
    rows = Visit.objects.for_workspace(workspace_id).select_related("customer", "listing", "guide")
    visit = rows.filter(pk=visit_id, state=Visit.State.PLANNED).first()
    if visit is None:
        return None
    start = timezone.localtime(visit.starts_at)
    lines = [visit.place, visit.listing.address if visit.listing else "", visit.note]
    return notify(
        workspace_id,
        VISIT,
        Words(f"{start:%H:%M} visit: {visit.customer}", f"{start:%H:%M} 방문: {visit.customer}"),
        "\n".join(line for line in lines if line),
        f"/properties/visits/{visit.pk}",
        dedup_key=f"visit:{visit.pk}:{visit.revision}",
        people=[visit.guide] if visit.guide else None,
        include_workspace=False,
        data={"visit": str(visit.pk), "starts_at": visit.starts_at.isoformat(), "customer": str(visit.customer_id)},
    )
