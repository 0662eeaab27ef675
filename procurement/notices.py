"""What procurement tells people: notices that a saved search found, and crawls that ended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from portal.common.clock import SEOUL
from portal.notifications.models import Channel, Event, Mode, Severity
from portal.notifications.publish import notify
from portal.notifications.receivers import hear
from portal.notifications.topics import Topic, Words
from procurement.models import CrawlJob, Notice, SavedSearch
from procurement.signals import crawl_ended, notices_matched

MATCH, CRAWL = "procurement.match", "procurement.crawl"
TOPICS = [
    Topic(
        MATCH,
        Words("Bid notices of saved searches", "저장한 검색의 입찰공고"),
        Words("New notices that fit a saved search.", "저장한 검색에 맞는 새 공고가 나왔습니다."),
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        CRAWL,
        Words("Crawls that ended", "끝난 수집 작업"),
        Words("A crawl into a file is done, or failed.", "파일 수집 작업이 끝나거나 실패했습니다."),
    ),
]
SHOWN = 10


def _line(notice: Notice, language: str) -> str:
    parts = [notice.title[:120]]
    if notice.demander or notice.agency:
        parts.append(notice.demander or notice.agency)
    if notice.estimated_price is not None:
        parts.append(Words(f"{notice.estimated_price:,} won", f"{notice.estimated_price:,}원").in_language(language))
    if notice.closes is not None:
        parts.append(Words(f"until {_day(notice)}", f"{_day(notice)} 마감").in_language(language))
    return "• " + " · ".join(parts)


def _day(notice: Notice) -> str:
    assert notice.closes is not None
    return f"{notice.closes.astimezone(SEOUL):%m-%d %H:%M}"


def _body(notices: Sequence[Notice], language: str) -> str:
    lines = [_line(notice, language) for notice in notices[:SHOWN]]
    if len(notices) > SHOWN:
        more = len(notices) - SHOWN
        lines.append(Words(f"and {more} more", f"외 {more}건").in_language(language))
    return "\n".join(lines)


@hear(notices_matched)
def tell_matches(search: SavedSearch, notices: Sequence[Notice], **_: Any) -> Event | None:
    """One message for one look of a saved search."""
    count = len(notices)
    what = hashlib.sha256("".join(sorted(str(notice.pk) for notice in notices)).encode()).hexdigest()[:32]
    return notify(
        search.workspace_id,
        MATCH,
        Words(
            f"{search.name}: {count} new bid notice{'s' if count > 1 else ''}",
            f"{search.name}: 새 입찰공고 {count}건",
        ),
        Words(_body(notices, "en"), _body(notices, "ko")),
        f"/procurement/searches/{search.pk}",
        dedup_key=f"search:{search.pk}:{what}",
        data={
            "search": {"id": str(search.pk), "name": search.name},
            "count": count,
            "notices": [
                {
                    "notice_no": notice.notice_no,
                    "order": notice.order,
                    "title": notice.title,
                    "demander": notice.demander,
                    "estimated_price": notice.estimated_price,
                    "closes": notice.closes.isoformat() if notice.closes else None,
                    "url": notice.url,
                }
                for notice in notices[:100]
            ],
        },
    )


@hear(crawl_ended)
def tell_crawl(job: CrawlJob, **_: Any) -> Event | None:
    """Tell who asked for the crawl; what a person cancelled is no news to them."""
    if job.status == CrawlJob.Status.SUCCEEDED:
        title = Words(f"Crawl of {job.category} is done", f"{job.category} 수집이 끝났습니다")
        body = Words(f"{job.rows:,} rows in {job.filename}", f"{job.filename}에 {job.rows:,}행")
        severity = Severity.SUCCESS
    elif job.status == CrawlJob.Status.FAILED:
        title = Words(f"Crawl of {job.category} failed", f"{job.category} 수집이 실패했습니다")
        body = Words(job.message, job.message)
        severity = Severity.WARNING
    else:
        return None
    return notify(
        job.workspace_id,
        CRAWL,
        title,
        body,
        f"/procurement/crawls/{job.pk}",
        severity=severity,
        people=[job.created_by_id] if job.created_by_id else None,
        dedup_key=f"crawl:{job.pk}:{job.finished_at.isoformat() if job.finished_at else job.status}",
        data={"job": str(job.pk), "status": job.status, "rows": job.rows, "filename": job.filename},
    )
