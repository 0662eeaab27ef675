"""Pages of crawls: the list, planning one with its cost, one with live progress."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.common.errors import PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from procurement import jobs, planning, selectors
from procurement.api.views import file_response
from procurement.crawler.writers import SUFFIX
from procurement.desk import known_categories

PAGE_SIZE = 30


class CrawlForm(forms.Form):
    """What to crawl and into which file."""

    category = forms.CharField(
        label=gettext_lazy("Category (세부품명)"),
        max_length=100,
        widget=forms.TextInput(attrs={"list": "known-categories", "autocomplete": "off"}),
    )
    total_days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=1100, initial=90)
    format = forms.ChoiceField(label=gettext_lazy("File"), choices=[(name, name.upper()) for name in SUFFIX])
    # Not `attributes`: a form field of that name hides the element's own property from scripts.
    explode = forms.ChoiceField(
        label=gettext_lazy("Attributes"),
        choices=[
            ("none", gettext_lazy("without")),
            ("columns", gettext_lazy("one column each")),
            ("json", gettext_lazy("one JSON column")),
        ],
        help_text=gettext_lazy("One extra call per product; a development key has 1,000 a day."),
    )
    filename = forms.CharField(
        label=gettext_lazy("File name"),
        max_length=180,
        required=False,
        help_text=gettext_lazy("Empty: made from category and days."),
    )


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DATA_READ)
def crawl_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    form = CrawlForm(request.POST or None)
    if request.method == "POST":
        actor.require(Permission.DATA_WRITE)
        if form.is_valid():
            try:
                values = dict(form.cleaned_data)
                job = jobs.create_job(actor, attributes=values.pop("explode"), **values)
            except PortalError as error:
                form.add_error(None, error.explain())
            else:
                return redirect("procurement:crawl-detail", job.pk)
    page = {
        "tab": "crawls",
        "rows": Paginator(selectors.jobs_of(actor.workspace), PAGE_SIZE).get_page(request.GET.get("page")),
        "form": form,
        "categories": [one.name for one in known_categories()],
    }
    return render(request, "procurement/crawl_list.html", page, status=422 if form.errors else 200)


@require_POST
@workspace_page(Permission.DATA_READ)
def crawl_plan(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The cost of a crawl before it starts, for the form."""
    form = CrawlForm(request.POST)
    page: dict[str, Any] = {}
    if form.is_valid():
        try:
            spec = jobs.plan(
                form.cleaned_data["category"],
                total_days=form.cleaned_data["total_days"],
                attributes=form.cleaned_data["explode"],
            )
            page["cost"] = planning.cost_in(actor, spec)
        except PortalError as error:
            page["error"] = error
    else:
        page["problem"] = _("Fill in the category and the days first.")
    return render(request, "procurement/_crawl_plan.html", page)


def _live(job: Any) -> dict[str, Any]:
    return {
        "state": jobs.snapshot(job),
        "events_url": reverse("procurement-api:job-events", args=[job.pk]),
        "state_url": reverse("procurement:crawl-state", args=[job.pk]),
    }


@require_GET
@workspace_page(Permission.DATA_READ)
def crawl_detail(request: HttpRequest, actor: Actor, job_id: UUID) -> HttpResponse:
    job = jobs.job_of(actor.workspace, job_id)
    return render(request, "procurement/crawl_detail.html", {"tab": "crawls", "live": _live(job), **_page(job)})


@require_GET
@workspace_page(Permission.DATA_READ)
def crawl_state(request: HttpRequest, actor: Actor, job_id: UUID) -> HttpResponse:
    """The changing part of the page, fetched anew when the state changes."""
    return render(request, "procurement/_crawl_state.html", _page(jobs.job_of(actor.workspace, job_id)))


def _page(job: Any) -> dict[str, Any]:
    states = jobs.states_of(job)
    return {
        "job": job,
        "windows": states,
        "can_pause": job.status in (job.Status.QUEUED, job.Status.RUNNING, job.Status.WAITING),
        "can_cancel": not job.is_over,
        "can_resume": job.status in (job.Status.PAUSED, job.Status.WAITING, job.Status.FAILED)
        or (job.status == job.Status.SUCCEEDED and any(state.is_open for state in states)),
        "days_done": sum(state.window.days for state in states if not state.is_open),
        "days_total": sum(state.window.days for state in states),
    }


@workspace_page(Permission.DATA_READ)
def crawl_act(request: HttpRequest, actor: Actor, job_id: UUID, act: str) -> HttpResponseBase:
    """Download (GET), pause, cancel or resume (POST)."""
    job = jobs.job_of(actor.workspace, job_id)
    if act == "file" and request.method == "GET":
        return file_response(job)
    deeds = {"pause": jobs.pause_job, "cancel": jobs.cancel_job, "resume": jobs.resume_job}
    if act not in deeds:
        raise Http404
    if request.method != "POST":
        return JsonResponse({"message": "Use POST."}, status=405)
    deeds[act](actor, job)
    return redirect("procurement:crawl-detail", job.pk)
