"""Pages of the visit calendar: a week, a list, one visit, and the feed for calendar programs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import PortalError
from portal.workspaces.models import Membership
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties.desk_models import CalendarFeed, Visit
from properties.models import Listing, Match, Requirement
from properties.visits import services

SEOUL = ZoneInfo("Asia/Seoul")
LENGTHS = (15, 30, 45, 60, 90, 120)


class VisitForm(forms.Form):
    """A visit to plan; the time is that of Seoul."""

    customer_id = forms.ChoiceField(label=gettext_lazy("Customer"))
    listing_id = forms.ChoiceField(required=False, label=gettext_lazy("Listing"))
    place = forms.CharField(required=False, max_length=200, label=gettext_lazy("Or another place"))
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("Day"))
    at = forms.TimeField(
        widget=forms.TimeInput(attrs={"type": "time", "step": "300"}, format="%H:%M"), label=gettext_lazy("Time")
    )
    minutes = forms.TypedChoiceField(
        coerce=int, choices=[(length, str(length)) for length in LENGTHS], initial=30, label=gettext_lazy("Minutes")
    )
    guide_id = forms.ChoiceField(required=False, label=gettext_lazy("Guide"))
    note = forms.CharField(required=False, max_length=1_000, widget=forms.Textarea, label=gettext_lazy("Note"))

    def __init__(self, *args: Any, actor: Actor, listing: Listing | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = actor.workspace
        customers = Requirement.objects.for_workspace(workspace).filter(is_active=True)[:300]
        self.fields["customer_id"].choices = [(str(wish.pk), wish.customer) for wish in customers]
        # A choice of all homes would be too long: those that fit some customer, and the one asked for.
        fitting = Match.objects.for_workspace(workspace).filter(is_dismissed=False, listing__state="live")
        homes = {match.listing_id: match.listing for match in fitting.select_related("listing")[:200]}
        if listing is not None:
            homes[listing.pk] = listing
        if (given := self.data.get("listing_id", "")) and given not in {str(key) for key in homes}:
            homes |= {row.pk: row for row in _listing(workspace, given)}
        self.fields["listing_id"].choices = [("", "–"), *((str(key), _label(row)) for key, row in homes.items())]
        members = Membership.objects.filter(workspace=workspace).select_related("user")
        self.fields["guide_id"].choices = [
            (str(member.user_id), member.user.name or member.user.email) for member in members
        ]

    def plan(self, actor: Actor) -> Visit:
        """Store what was entered."""
        values = self.cleaned_data
        return services.visit_plan(
            actor,
            customer_id=UUID(values["customer_id"]),
            listing_id=UUID(values["listing_id"]) if values["listing_id"] else None,
            place=values["place"],
            starts_at=datetime.combine(values["day"], values["at"], SEOUL),
            minutes=values["minutes"],
            guide_id=UUID(values["guide_id"]) if values["guide_id"] else None,
            note=values["note"],
        )


def _listing(workspace: Any, text: str) -> list[Listing]:
    try:
        return list(Listing.objects.for_workspace(workspace).filter(pk=UUID(text)))
    except ValueError:
        return []


def _label(row: Listing) -> str:
    from properties.templatetags.listings import floor_of, manwon

    return " · ".join(
        part for part in (row.title or row.address, row.building_dong, floor_of(row), manwon(row.price)) if part
    )


def _week_of(request: HttpRequest) -> date:
    """The Monday of the week asked for, else of this week."""
    try:
        day = date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        day = timezone.now().astimezone(SEOUL).date()
    return day - timedelta(days=day.weekday())


@require_GET
@workspace_page(Permission.DATA_READ)
def calendar(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A week of visits, or all that come."""
    given = _listing(actor.workspace, request.GET.get("listing", ""))
    listing = given[0] if given else None
    today = timezone.now().astimezone(SEOUL)
    initial = {
        "day": today.date(),
        "at": (today + timedelta(hours=1)).replace(minute=0),
        "guide_id": str(actor.user.pk) if actor.user else "",
        "customer_id": request.GET.get("customer", ""),
        "listing_id": str(listing.pk) if listing else "",
    }
    return _calendar(request, actor, VisitForm(actor=actor, listing=listing, initial=initial))


def _calendar(request: HttpRequest, actor: Actor, form: VisitForm, status: int = 200) -> HttpResponse:
    monday = _week_of(request)
    is_list = request.GET.get("view") == "list"
    start = datetime.combine(monday, datetime.min.time(), SEOUL)
    if is_list:
        now = timezone.now()
        rows = list(services.visits_between(actor.workspace, now, now + timedelta(days=365))[:200])
    else:
        rows = list(services.visits_between(actor.workspace, start, start + timedelta(days=7)))
    days = [
        {
            "date": monday + timedelta(days=number),
            "visits": [
                visit for visit in rows if visit.starts_at.astimezone(SEOUL).date() == monday + timedelta(days=number)
            ],
        }
        for number in range(7)
    ]
    page = {
        "tab": "visits",
        "form": form,
        "rows": rows,
        "days": days,
        "is_list": is_list,
        "today": timezone.now().astimezone(SEOUL).date(),
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "has_feed": CalendarFeed.objects.for_workspace(actor.workspace).filter(user=actor.user).exists(),
        "open_form": status != 200 or "listing" in request.GET or "customer" in request.GET,
    }
    return render(request, "properties/visits.html", page, status=status)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def visit_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Plan a visit."""
    form = VisitForm(request.POST, actor=actor)
    if form.is_valid():
        try:
            visit = form.plan(actor)
        except PortalError as error:
            form.add_error(None, error.explain())
        else:
            week = visit.starts_at.astimezone(SEOUL).date()
            messages.success(request, _("Planned."))
            return redirect(f"/properties/visits?week={week.isoformat()}")
    return _calendar(request, actor, form, 422)


@require_GET
@workspace_page(Permission.DATA_READ)
def visit_detail(request: HttpRequest, actor: Actor, visit_id: UUID) -> HttpResponse:
    """One visit."""
    visit = services.visit_of(actor.workspace, visit_id)
    page = {
        "tab": "visits",
        "visit": visit,
        "lengths": LENGTHS,
        "minutes": int((visit.ends_at - visit.starts_at).total_seconds() // 60),
    }
    return render(request, "properties/visit_detail.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def visit_move(request: HttpRequest, actor: Actor, visit_id: UUID) -> HttpResponse:
    """Move a visit."""
    try:
        starts_at = datetime.fromisoformat(f"{request.POST.get('day', '')}T{request.POST.get('at', '')}")
        minutes = int(request.POST.get("minutes", "30"))
    except ValueError:
        messages.error(request, _("Give a day, a time and a length."))
        return redirect("properties:visit-detail", visit_id)
    try:
        services.visit_move(actor, visit_id, starts_at=starts_at.replace(tzinfo=SEOUL), minutes=minutes)
    except (services.Conflict, services.Invalid) as error:
        messages.error(request, error.explain())
    else:
        messages.success(request, _("Moved."))
    return redirect("properties:visit-detail", visit_id)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def visit_end(request: HttpRequest, actor: Actor, visit_id: UUID) -> HttpResponse:
    """Mark a visit as done or cancelled."""
    try:
        services.visit_end(
            actor, visit_id, state=request.POST.get("state", ""), outcome=request.POST.get("outcome", "")
        )
    except services.Invalid as error:
        messages.error(request, error.explain())
    return redirect("properties:visit-detail", visit_id)


@require_GET
@workspace_page(Permission.DATA_READ)
def visit_file(request: HttpRequest, actor: Actor, visit_id: UUID) -> HttpResponse:
    """One visit for a calendar program."""
    from properties.visits.ics import calendar_of

    visit = services.visit_of(actor.workspace, visit_id)
    content = calendar_of([visit], name=actor.workspace.name, base_url=settings.PUBLIC_URL)
    headers = {"Content-Disposition": 'attachment; filename="visit.ics"'}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)


@require_POST
@workspace_page(Permission.DATA_READ)
def feed_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make or renew the person's calendar address; shown once."""
    token = services.feed_make(actor)
    page = {"tab": "visits", "address": f"{settings.PUBLIC_URL.rstrip('/')}/properties/visits/feed/{token}.ics"}
    return render(request, "properties/visit_feed.html", page)


@require_POST
@workspace_page(Permission.DATA_READ)
def feed_end(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Close the person's calendar address."""
    services.feed_end(actor)
    messages.success(request, _("The calendar address no longer works."))
    return redirect("properties:visits")


@require_GET
@never_cache
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The visits of the token's owner, for calendar programs; no session, the address itself is the secret."""
    from properties.visits.ics import calendar_of

    found = services.feed_of(token)
    if found is None:
        raise Http404
    content = calendar_of(services.feed_visits(found), name=found.workspace.name, base_url=settings.PUBLIC_URL)
    return HttpResponse(content, content_type="text/calendar; charset=utf-8")
