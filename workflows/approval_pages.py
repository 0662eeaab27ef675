"""The page behind the link of an approval."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.common.errors import Conflict, PortalError
from workflows import approvals


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, and the answer. Opening the link decides nothing: mail filters open links too."""
    note = approvals.read_link(token)
    run, question = approvals.question_of(note)
    answer = request.POST.get("answer")
    problem: PortalError | None = None
    if question is not None and answer in {"yes", "no"}:
        try:
            approvals.decide_by_link(note, approved=answer == "yes", comment=request.POST.get("comment", "")[:2000])
        except Conflict as error:
            problem = error
        run, question = approvals.question_of(note)
    page = {
        "run": run,
        "note": note,
        "question": question,
        "decision": (run.decisions or {}).get(note.path),
        "problem": problem,
    }
    response = render(request, "workflows/approval.html", page, status=409 if problem else 200)
    response["X-Robots-Tag"] = "noindex"
    return response
