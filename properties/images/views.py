"""Pages of pictures: a kept photo, and a listing read from a picture for a person to check."""

from __future__ import annotations

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties.entry_views import ListingForm
from properties.images import ocr, services
from properties.images.decode import MAX_BYTES, BadPicture
from properties.models import Complex

KNOWN_NAMES = 5_000


@require_GET
@workspace_page(Permission.DATA_READ)
def photo(request: HttpRequest, actor: Actor, photo_id: UUID) -> HttpResponseBase:
    """A kept photo: our own JPEG copy, which never changes."""
    found = services.photo_of(actor.workspace, photo_id)
    path = services.path_of(found)
    if not default_storage.exists(path):
        raise Http404
    response = FileResponse(default_storage.open(path, "rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@require_POST
@workspace_page(Permission.DATA_WRITE)
def picture_read(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Read an advert's picture into the entry form. Nothing is stored before a person has looked at it."""
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > MAX_BYTES:
        return _refuse(request, _("Choose a picture of at most 12 MB."))
    try:
        text = ocr.read_picture(file.read())
    except BadPicture as error:
        return _refuse(request, str(error))
    except ocr.OcrUnavailable as error:
        return _refuse(request, error.explain())
    names = Complex.objects.for_workspace(actor.workspace).values_list("name", flat=True)[:KNOWN_NAMES]
    reading = ocr.read_fields(text, names)
    page = {"tab": "import", "form": ListingForm(initial=reading.fields), "reading": reading}
    return render(request, "properties/listing_new.html", page)


def _refuse(request: HttpRequest, problem: str) -> HttpResponse:
    page = {"tab": "import", "picture_problem": problem, "ocr_is_here": ocr.is_available()}
    return render(request, "properties/import.html", page, status=422)
