"""REST of the listing manager."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView, ListCreateAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.common.errors import FieldProblem, Invalid
from portal.workspaces.roles import Permission
from properties import selectors, services
from properties.api import serializers
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import Collection, LegalBasis, Match, Requirement, ReviewPair
from properties.resolution import pair_decide

_NUMBERS = {"price_min": int, "price_max": int, "rent_max": int, "floor_min": int, "rooms_min": int}
_NUMBERS |= {"area_min": float, "area_max": float, "changed_within_days": int}  # type: ignore[dict-item]
_TEXTS = ("area", "trade", "property_type", "text", "direction", "sort")
MAX_ROWS = 200


def conditions_of(query: Any) -> selectors.Conditions:
    """Search conditions of a query string; wrong numbers are named."""
    values: dict[str, Any] = {name: query[name] for name in _TEXTS if query.get(name)}
    problems = []
    for name, kind in _NUMBERS.items():
        if query.get(name):
            try:
                values[name] = kind(query[name])
            except ValueError:
                problems.append(FieldProblem(name, "This is no number.", "Give a number, such as 100000."))
    if problems:
        raise Invalid("The search is not understood.", problems=problems)
    return selectors.Conditions(**values)


class Listings(APIView):
    """Search: rows with data time, unapplied conditions and, when there are none, the reason."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="properties_listings_search", responses=serializers.ListingSerializer(many=True))
    def get(self, request: Request) -> Response:
        workspace = request.actor.workspace  # type: ignore[attr-defined]
        wish = conditions_of(request.query_params)
        try:
            limit = min(max(int(request.query_params.get("limit", 50)), 1), MAX_ROWS)
            offset = max(int(request.query_params.get("offset", 0)), 0)
        except ValueError:
            raise Invalid("`limit` and `offset` must be whole numbers.") from None
        search = selectors.listings_search(workspace, wish)
        rows = list(search.rows[offset : offset + limit + 1])
        return Response(
            {
                "results": serializers.ListingSerializer(rows[:limit], many=True).data,
                "next_offset": offset + limit if len(rows) > limit else None,
                "as_of": selectors.data_time(workspace),
                "region": search.region_name,
                "unapplied": search.unapplied,
                "empty_reason": "" if rows else selectors.why_empty(workspace, wish, search),
            }
        )


class ListingDetail(APIView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="properties_listing", responses=serializers.ListingDetailSerializer)
    def get(self, request: Request, listing_id: UUID) -> Response:
        """One listing with its adverts."""
        listing = selectors.listing_get(request.actor.workspace, listing_id)  # type: ignore[attr-defined]
        return Response(serializers.ListingDetailSerializer(listing).data)


class ListingHistory(APIView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="properties_listing_history", responses=serializers.HistorySerializer(many=True))
    def get(self, request: Request, listing_id: UUID) -> Response:
        """Every change of one listing, oldest first."""
        listing = selectors.listing_get(request.actor.workspace, listing_id)  # type: ignore[attr-defined]
        rows = listing.history.select_related("advert").order_by("at", "id")
        return Response({"results": serializers.HistorySerializer(rows, many=True).data, "as_of": listing.last_seen})


class Tasks(ListCreateAPIView[Collection]):
    """Collection tasks: list them, or start one per platform and area."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = serializers.CollectionSerializer

    def get_queryset(self) -> Any:
        return Collection.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(request=serializers.TaskInput, responses={202: serializers.CollectionSerializer(many=True)})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        wish = serializers.TaskInput(data=request.data)
        wish.is_valid(raise_exception=True)
        values = wish.validated_data
        filters = values.get("filters", {})
        options = {name: filters[name] for name in ("property_types", "trades") if filters.get(name)}
        if box := filters.get("box"):
            options["box"] = tuple(box)
        tasks = services.collection_start(
            request.actor,  # type: ignore[attr-defined]
            platforms=values["platforms"],
            areas=values["areas"],
            priority=values["priority"],
            **options,
        )
        ignored = sorted(set(filters) - {"property_types", "trades", "box"})
        body = {
            "tasks": serializers.CollectionSerializer(tasks, many=True).data,
            "unapplied": [f"{name}: collected in full, filter when searching" for name in ignored],
        }
        return Response(body, status=status.HTTP_202_ACCEPTED)


class AgentStatus(APIView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="agents_status", responses={200: dict})
    def get(self, request: Request) -> Response:
        """Every collector: what it can do, whether it may, how its last collection ended, and what runs."""
        workspace = request.actor.workspace  # type: ignore[attr-defined]
        agents = [
            {
                "platform": item["profile"].key,
                "title": item["profile"].title,
                "enabled": item["is_on"],
                "link_only": item["is_link_only"],
                "legal_basis": item["basis"].ground if item["basis"] else None,
                "requests_per_second": item["profile"].requests_per_second,
                "capabilities": {
                    "trades": list(item["profile"].trade_codes),
                    "property_types": list(item["profile"].property_codes),
                },
                "last": serializers.CollectionSerializer(item["last"]).data if item["last"] else None,
            }
            for item in selectors.platform_states(workspace)
        ]
        running = selectors.running_collections(workspace)
        return Response({"agents": agents, "queue": serializers.CollectionSerializer(running, many=True).data})


class LegalBases(ListCreateAPIView[LegalBasis]):
    """Recorded legal bases, also past ones; recording replaces the one in force."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.WORKSPACE_UPDATE}
    serializer_class = serializers.LegalBasisSerializer

    def get_queryset(self) -> Any:
        return LegalBasis.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = legal_basis_record(self.request.actor, **serializer.validated_data)  # type: ignore[attr-defined]


class LegalBasisRevoke(APIView):
    permissions = {"delete": Permission.WORKSPACE_UPDATE}

    @extend_schema(operation_id="properties_legal_basis_revoke", responses={204: None})
    def delete(self, request: Request, platform: str) -> Response:
        """Revoke the basis in force; the platform is off from now on."""
        legal_basis_revoke(request.actor, platform=platform)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


class Reviews(ListAPIView[ReviewPair]):
    """Pairs of adverts that wait for a person."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = serializers.ReviewPairSerializer

    def get_queryset(self) -> Any:
        rows = ReviewPair.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]
        return rows.select_related("one", "other")

    @extend_schema(request=serializers.DecisionInput, responses={201: dict})
    def post(self, request: Request) -> Response:
        """Decide whether two adverts are the same offer."""
        verdict = serializers.DecisionInput(data=request.data)
        verdict.is_valid(raise_exception=True)
        decision = pair_decide(request.actor, **verdict.validated_data)  # type: ignore[attr-defined]
        return Response({"id": str(decision.pk), "same": decision.same}, status=status.HTTP_201_CREATED)


class Requirements(ListCreateAPIView[Requirement]):
    """Customers' wishes; a new one is matched at once."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = serializers.RequirementSerializer

    def get_queryset(self) -> Any:
        return Requirement.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.requirement_create(self.request.actor, **serializer.validated_data)  # type: ignore[attr-defined]


class Matches(ListAPIView[Match]):
    """Listings that fit customers; `?requirement=<id>` for one of them."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = serializers.MatchSerializer

    def get_queryset(self) -> Any:
        rows = Match.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]
        if wanted := self.request.query_params.get("requirement"):
            try:
                rows = rows.filter(requirement_id=UUID(wanted))
            except ValueError:
                raise Invalid("`requirement` must be an id.") from None
        return rows.filter(is_dismissed=False).select_related("listing__complex")
