"""GraphQL over the listings: read-only, limited in depth, cost, aliases and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
import strawberry_django
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema
from graphql import GraphQLError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from strawberry import auto
from strawberry.extensions import AddValidationRules, MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry_django.optimizer import DjangoOptimizerExtension

from portal.common.api import body_of
from portal.common.rest import RestView
from portal.workspaces.roles import Permission
from properties import models, selectors
from properties.desk_models import Photo
from properties.graphql.cost import DEFAULT_ROWS, MAX_ROWS, CostRule


@strawberry_django.type(models.Complex)
class ComplexNode:
    """A building or group of buildings."""

    id: auto
    name: auto
    aliases: list[str]
    region_code: auto


@strawberry.type
class ImageNode:
    """One photo of an advert. `copy` is an address of this portal, empty where no copy may be kept."""

    id: strawberry.ID
    url: str
    position: int
    width: int | None
    height: int | None
    phash: str
    copy: str


def _images() -> ArraySubquery:
    """The photos of a listing's adverts as one column, so that they cost no query of their own."""
    rows = Photo.objects.filter(advert__listing=OuterRef("pk")).order_by("advert_id", "position", "id")
    names = ("id", "url", "position", "width", "height", "phash", "file")
    return ArraySubquery(rows.values(found=JSONObject(**{name: name for name in names})))


def _platforms() -> ArraySubquery:
    """The platforms of a listing's adverts, in order, each once."""
    rows = models.Advert.objects.filter(listing=OuterRef("pk")).order_by("platform")
    return ArraySubquery(rows.values("platform").distinct())


def _column(listing: Any, name: str, expression: ArraySubquery) -> list[Any]:
    """A column the optimiser added to a list; one listing alone is asked for it here."""
    if not hasattr(listing, name):
        rows = models.Listing.objects.filter(pk=listing.pk).annotate(**{name: expression})
        setattr(listing, name, rows.values_list(name, flat=True).first() or [])
    return list(getattr(listing, name))


@strawberry_django.type(models.Advert)
class AdvertNode:
    """One advert of a listing."""

    id: auto
    platform: auto
    platform_id: auto
    url: auto
    state: auto
    last_seen: auto

    @strawberry_django.field(only=["price"], description="Sale price or deposit, 만원")
    def price(self) -> float | None:
        return self.price


@strawberry_django.type(models.History)
class HistoryNode:
    """One change of an advert."""

    at: auto
    kind: auto
    rent: auto

    @strawberry_django.field(only=["price"], description="만원")
    def price(self) -> float | None:
        return self.price


@strawberry_django.type(models.Listing)
class PropertyNode:
    """One offer."""

    id: auto
    title: auto
    trade: auto
    property_type: auto
    address: auto
    region_code: auto
    building_dong: auto
    floor: auto
    floor_total: auto
    direction: auto
    rooms: auto
    rent: auto
    state: auto
    adverts_count: auto
    sources_count: auto
    first_seen: auto
    last_seen: auto
    complex: ComplexNode | None
    adverts: list[AdvertNode]
    history: list[HistoryNode]

    @strawberry_django.field(only=["price"], description="Sale price or deposit, 만원")
    def price(self) -> float | None:
        return self.price

    @strawberry_django.field(only=["exclusive_m2"], description="Exclusive area, ㎡")
    def area(self) -> float | None:
        return self.exclusive_m2

    @strawberry_django.field(annotate={"image_rows": _images()}, description="Photos of all its adverts")
    def images(self) -> list[ImageNode]:
        return [
            ImageNode(
                copy=f"/properties/photos/{row['id']}" if row["file"] else "",
                **{name: value for name, value in row.items() if name != "file"},
            )
            for row in _column(self, "image_rows", _images())
        ]

    @strawberry_django.field(annotate={"platform_names": _platforms()}, description="Platforms it is advertised on")
    def platforms(self) -> list[str]:
        return _column(self, "platform_names", _platforms())

    @strawberry_django.field(annotate={"platform_names": _platforms()}, description="First of the platforms")
    def platform(self) -> str | None:
        return next(iter(_column(self, "platform_names", _platforms())), None)


@strawberry.type
class SearchNote:
    """What a search could not apply, and how fresh the data is."""

    as_of: datetime | None
    unapplied: list[str]
    empty_reason: str
    total: int


def _conditions(
    area: str, price_min: int | None, price_max: int | None, trade: str, area_min: float | None, area_max: float | None
) -> selectors.Conditions:
    return selectors.Conditions(
        area=area, price_min=price_min, price_max=price_max, trade=trade, area_min=area_min, area_max=area_max
    )


@strawberry.type
class Query:
    """The entrance."""

    @strawberry_django.field(description="Listings of the workspace; money in 만원")
    def properties(
        self,
        info: strawberry.Info,
        area: str = "",
        price_min: int | None = None,
        price_max: int | None = None,
        trade: str = "",
        area_min: float | None = None,
        area_max: float | None = None,
        first: int = DEFAULT_ROWS,
        offset: int = 0,
    ) -> list[PropertyNode]:
        if not 1 <= first <= MAX_ROWS or offset < 0:
            raise GraphQLError(f"`first` must be 1 to {MAX_ROWS} and `offset` not negative.")
        wish = _conditions(area, price_min, price_max, trade, area_min, area_max)
        search = selectors.listings_search(info.context["actor"].workspace, wish)
        return search.rows.select_related(None)[offset : offset + first]  # type: ignore[return-value]

    @strawberry.field(description="Data time, unapplied conditions and the reason for an empty result of a search")
    def properties_note(
        self,
        info: strawberry.Info,
        area: str = "",
        price_min: int | None = None,
        price_max: int | None = None,
        trade: str = "",
        area_min: float | None = None,
        area_max: float | None = None,
    ) -> SearchNote:
        workspace = info.context["actor"].workspace
        wish = _conditions(area, price_min, price_max, trade, area_min, area_max)
        search = selectors.listings_search(workspace, wish)
        total = search.rows.count()
        return SearchNote(
            as_of=selectors.data_time(workspace),
            unapplied=search.unapplied,
            empty_reason="" if total else selectors.why_empty(workspace, wish, search),
            total=total,
        )

    @strawberry_django.field(description="One listing")
    def property(self, info: strawberry.Info, id: strawberry.ID) -> PropertyNode | None:
        rows = models.Listing.objects.for_workspace(info.context["actor"].workspace)
        return rows.filter(pk=str(id)).first()  # type: ignore[no-any-return]


schema = strawberry.Schema(
    Query,
    extensions=[
        DjangoOptimizerExtension,
        lambda: QueryDepthLimiter(max_depth=6),
        lambda: MaxAliasesLimiter(max_alias_count=10),
        lambda: MaxTokensLimiter(max_token_count=800),
        lambda: AddValidationRules([CostRule]),
    ],
)


class GraphQLInput(serializers.Serializer[None]):
    query = serializers.CharField(max_length=20_000)
    variables = serializers.DictField(required=False, allow_null=True)
    operationName = serializers.CharField(required=False, allow_null=True, max_length=120)


class GraphQLOutput(serializers.Serializer[None]):
    data = serializers.DictField(allow_null=True)
    errors = serializers.ListField(child=serializers.DictField(), required=False)


class GraphQLView(RestView):
    """Ask for listings in GraphQL, with a session, a key or a token."""

    permissions = {"post": Permission.DATA_READ}

    @extend_schema(operation_id="properties_graphql", request=GraphQLInput, responses=GraphQLOutput)
    def post(self, request: Request) -> Response:
        asked = body_of(request, GraphQLInput)
        result = schema.execute_sync(
            asked["query"],
            variable_values=asked.get("variables") or {},
            operation_name=asked.get("operationName") or None,
            context_value={"actor": request.actor, "request": request._request},  # type: ignore[attr-defined]
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
        return Response(body)


view = GraphQLView.as_view()
