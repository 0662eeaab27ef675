"""What every view of the REST API has in common: checked queries, sparse answers, and posts that happen once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.common import idempotency
from portal.common.api import checked
from portal.common.errors import FieldProblem, Invalid

M = TypeVar("M", bound=Model)
Query = type[serializers.Serializer[Any]]
#: Names that every list understands beside its own filters.
PAGING = frozenset({"cursor", "limit", "ordering"})


class RestView(APIView):
    """A view whose query string is checked before the method runs.

    `query` names the serializer of the query string by lower-case method; an unknown name in a query is an error.
    `once` lists the methods that honour the Idempotency-Key header.
    """

    permissions: ClassVar[Mapping[str, str]] = {}
    query: ClassVar[Mapping[str, Query]] = {}
    once: ClassVar[frozenset[str]] = frozenset()
    parser_classes = (JSONParser,)

    #: The checked values of the query string.
    asked: dict[str, Any]
    _ticket: idempotency.Ticket | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.asked = self._check_query(request)
        if (request.method or "").lower() in self.once:
            self._ticket = idempotency.begin(request)

    def query_names(self, method: str) -> frozenset[str]:
        """The names that a query string of this method may hold."""
        serializer = self.query.get(method)
        names = frozenset(serializer().fields) if serializer else frozenset()
        return names | ({"fields"} if method == "get" else frozenset())

    def _check_query(self, request: Request) -> dict[str, Any]:
        method = (request.method or "").lower()
        known = self.query_names(method)
        given = request.query_params
        problems = [
            FieldProblem(name, "This parameter is not known.", f"Known parameters are: {', '.join(sorted(known))}.")
            for name in given
            if name not in known
        ]
        if problems:
            raise Invalid("The query has unknown parameters.", problems=problems)
        if (serializer := self.query.get(method)) is None:
            return {}
        lists = {name for name, field in serializer().fields.items() if isinstance(field, serializers.ListField)}
        own = {name: given.getlist(name) if name in lists else given[name] for name in given}
        return checked(serializer, {name: value for name, value in own.items() if name not in PAGING | {"fields"}})

    def handle_exception(self, exc: Exception) -> Response:
        if self._ticket is not None:
            self._ticket.release()
            self._ticket = None
        if isinstance(exc, idempotency.Replay):
            return exc.response()
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Cut the answer to the fields asked for, and remember it under its Idempotency-Key."""
        if isinstance(response, Response):
            if response.status_code == 200 and request.method == "GET" and request.query_params.get("fields"):
                try:
                    response.data = sparse(response.data, request.query_params["fields"])
                except Invalid as error:
                    response = self.handle_exception(error)
            if self._ticket is not None:
                self._ticket.keep(response)
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return super().finalize_response(request, response, *args, **kwargs)


class ListView(RestView, ListAPIView[M]):
    """A list in cursor pages. `orderings` maps the names of `?ordering=` to columns; `-` in front reverses."""

    orderings: ClassVar[Mapping[str, str]] = {"created_at": "id"}

    def rows(self) -> QuerySet[M]:
        """What the list shows, before paging."""
        raise NotImplementedError

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            meta = getattr(self.serializer_class, "Meta", None)
            return meta.model._default_manager.none() if meta else None
        return self.rows()

    def query_names(self, method: str) -> frozenset[str]:
        names = super().query_names(method)
        if method != "get":
            return names
        return names | (PAGING if self.orderings else PAGING - {"ordering"})

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class WholeList(serializers.Serializer[Any]):
    """The frame of a list that is short by its nature: the same as that of a page, without a further one."""

    next = serializers.URLField(allow_null=True, help_text="Null: all rows are in this answer")
    previous = serializers.URLField(allow_null=True, help_text="Null: all rows are in this answer")


def whole(rows: Any, **more: Any) -> dict[str, Any]:
    """The answer that `WholeList` describes."""
    return {"results": rows, "next": None, "previous": None, **more}


class EventStream(JSONRenderer):
    """Lets a client ask for `text/event-stream`; errors on the way are still JSON."""

    media_type = "text/event-stream"
    format = "sse"


def wants_stream(request: Request) -> bool:
    """Whether the Accept header chose the event stream."""
    return isinstance(request.accepted_renderer, EventStream)


def sparse(data: Any, text: str) -> Any:
    """The answer with only the named fields; rows of a page are cut, its links stay. `Invalid` for unknown names."""
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    is_page = isinstance(data, dict) and isinstance(data.get("results"), list)
    rows = data["results"] if is_page else data if isinstance(data, list) else [data]
    known = {name for row in rows if isinstance(row, dict) for name in row}
    unknown = [name for name in wanted if name not in known]
    if rows and (unknown or not wanted):
        names = ", ".join(sorted(known))
        problem = FieldProblem("fields", "These fields do not exist here.", f"Known fields are: {names}.")
        raise Invalid("The query asks for unknown fields.", problems=[problem])
    cut = [{name: row[name] for name in wanted if name in row} for row in rows]
    if is_page:
        return {**data, "results": cut}
    return cut if isinstance(data, list) else cut[0]
