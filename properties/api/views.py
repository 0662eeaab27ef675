"""REST of the listing manager."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.errors import NotFound
from portal.common.rest import ListView, RestView
from portal.workspaces.roles import Permission
from properties import selectors, services
from properties.api import serializers
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import Collection, LegalBasis, Match, Requirement, ReviewPair
from properties.orchestration import Health, batch_of, collectors_health
from properties.resolution import pair_decide


class Listings(RestView):
    """Search listings. The answer says its data time, what could not be applied and, when it is empty, why."""

    permissions = {"get": Permission.DATA_READ}
    query = {"get": serializers.ListingQuery}

    @extend_schema(operation_id="properties_listings_search", responses=serializers.ListingsOutput)
    def get(self, request: Request) -> Response:
        workspace = request.actor.workspace  # type: ignore[attr-defined]
        asked = dict(self.asked)
        limit, offset = asked.pop("limit", 50), asked.pop("offset", 0)
        wish = selectors.Conditions(**{name: value for name, value in asked.items() if value != ""})
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


class ListingDetail(RestView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="properties_listings_read", responses=serializers.ListingDetailSerializer)
    def get(self, request: Request, listing_id: UUID) -> Response:
        """One listing with its adverts."""
        listing = selectors.listing_get(request.actor.workspace, listing_id)  # type: ignore[attr-defined]
        return Response(serializers.ListingDetailSerializer(listing).data)


class ListingHistory(RestView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="properties_listings_history", responses=serializers.HistoryOutput)
    def get(self, request: Request, listing_id: UUID) -> Response:
        """Every change of one listing, oldest first."""
        listing = selectors.listing_get(request.actor.workspace, listing_id)  # type: ignore[attr-defined]
        rows = listing.history.select_related("advert").order_by("at", "id")
        return Response({"results": serializers.HistorySerializer(rows, many=True).data, "as_of": listing.last_seen})


class Tasks(ListView[Collection]):
    """Collection tasks: list them, or start one per platform and area."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = serializers.CollectionSerializer
    once = frozenset({"post"})

    def rows(self) -> Any:
        return Collection.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(operation_id="tasks_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Collection tasks, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="tasks_create", request=serializers.TaskInput, responses={202: serializers.TasksOutput})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a collection per platform and area."""
        values = body_of(request, serializers.TaskInput)
        filters = values.get("filters", {})
        options = {name: filters[name] for name in ("property_types", "trades", "complex_ids") if filters.get(name)}
        if box := filters.get("box"):
            options["box"] = tuple(box)
        tasks = services.collection_start(
            request.actor,  # type: ignore[attr-defined]
            platforms=values["platforms"],
            areas=values["areas"],
            priority=values["priority"],
            **options,
        )
        ignored = sorted(set(filters) - {"property_types", "trades", "box", "complex_ids"})
        body = {
            "batch": tasks[0].batch,
            "tasks": serializers.CollectionSerializer(tasks, many=True).data,
            "unapplied": [f"{name}: collected in full, filter when searching" for name in ignored],
        }
        return Response(body, status=status.HTTP_202_ACCEPTED)


class TaskBatch(RestView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="tasks_batch", responses=serializers.BatchOutput)
    def get(self, request: Request, batch_id: UUID) -> Response:
        """What one request for collections brought in all."""
        batch = batch_of(request.actor.workspace, batch_id)  # type: ignore[attr-defined]
        if batch is None:
            raise NotFound("There is no such request.", remedy="Take the id from the answer to POST /tasks.")
        tasks = serializers.CollectionSerializer(batch.tasks, many=True).data
        sums = {
            name: getattr(batch, name) for name in ("is_done", "outcomes", "received", "created", "changed", "gone")
        }
        return Response({**sums, "batch": batch_id, "tasks": tasks})


def _health(health: Health) -> dict[str, Any]:
    until = health.breaker.open_until
    return {
        "state": health.state,
        "running": health.running,
        "waiting": health.waiting,
        "blocks": health.breaker.blocks,
        "failures": health.breaker.failures,
        "reason": health.breaker.reason,
        "resting_until": datetime.fromtimestamp(until, UTC) if health.state == "resting" else None,
        "last_complete": health.last_complete,
        "heartbeat_at": health.heartbeat_at,
    }


class AgentStatus(RestView):
    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="agents_status", responses=serializers.AgentsOutput)
    def get(self, request: Request) -> Response:
        """Every collector: what it can do, whether it may, how its last collection ended, and what runs."""
        workspace = request.actor.workspace  # type: ignore[attr-defined]
        states = selectors.platform_states(workspace)
        health = collectors_health(workspace, {item["profile"].key for item in states if item["is_on"]})
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
                "health": _health(health[item["profile"].key]),
                "last": serializers.CollectionSerializer(item["last"]).data if item["last"] else None,
            }
            for item in states
        ]
        running = selectors.running_collections(workspace)
        return Response({"agents": agents, "queue": serializers.CollectionSerializer(running, many=True).data})


class LegalBases(ListView[LegalBasis]):
    """Recorded legal bases, also past ones; recording replaces the one in force."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.WORKSPACE_UPDATE}
    serializer_class = serializers.LegalBasisSerializer
    once = frozenset({"post"})

    def rows(self) -> Any:
        return LegalBasis.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(operation_id="properties_legal_bases_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Recorded legal bases, also past ones."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="properties_legal_bases_record",
        request=serializers.LegalBasisInput,
        responses={201: serializers.LegalBasisSerializer},
    )
    def post(self, request: Request) -> Response:
        """Record who allows the collection of a platform; this replaces the basis in force."""
        values = body_of(request, serializers.LegalBasisInput)
        basis = legal_basis_record(request.actor, **values)  # type: ignore[attr-defined]
        return Response(serializers.LegalBasisSerializer(basis).data, status=status.HTTP_201_CREATED)


class LegalBasisRevoke(RestView):
    permissions = {"delete": Permission.WORKSPACE_UPDATE}

    @extend_schema(operation_id="properties_legal_bases_revoke", responses={204: None})
    def delete(self, request: Request, platform: str) -> Response:
        """Revoke the basis in force; the platform is off from now on."""
        legal_basis_revoke(request.actor, platform=platform)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


class Reviews(ListView[ReviewPair]):
    """Pairs of adverts that wait for a person."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = serializers.ReviewPairSerializer
    orderings = {}
    default_ordering = ("-score", "id")

    def rows(self) -> Any:
        rows = ReviewPair.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]
        return rows.select_related("one", "other")

    @extend_schema(operation_id="properties_reviews_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Pairs of adverts that wait for a person, most alike first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="properties_reviews_decide",
        request=serializers.PairDecisionInput,
        responses={201: serializers.PairDecisionOutput},
    )
    def post(self, request: Request) -> Response:
        """Decide whether two adverts are the same offer."""
        values = body_of(request, serializers.PairDecisionInput)
        decision = pair_decide(request.actor, **values)  # type: ignore[attr-defined]
        return Response({"id": str(decision.pk), "same": decision.same}, status=status.HTTP_201_CREATED)


class Requirements(ListView[Requirement]):
    """Customers' wishes; a new one is matched at once."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = serializers.RequirementSerializer
    once = frozenset({"post"})

    def rows(self) -> Any:
        return Requirement.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(operation_id="properties_requirements_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Customers' wishes."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="properties_requirements_create",
        request=serializers.RequirementInput,
        responses={201: serializers.RequirementSerializer},
    )
    def post(self, request: Request) -> Response:
        """Record what a customer looks for; it is matched at once."""
        values = body_of(request, serializers.RequirementInput)
        requirement = services.requirement_create(request.actor, **values)  # type: ignore[attr-defined]
        return Response(serializers.RequirementSerializer(requirement).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(operation_id="properties_matches_list"))
class Matches(ListView[Match]):
    """Listings that fit customers, newest first."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = serializers.MatchSerializer
    query = {"get": serializers.MatchQuery}

    def rows(self) -> Any:
        rows = Match.objects.for_workspace(self.request.actor.workspace)  # type: ignore[attr-defined]
        if wanted := self.asked.get("requirement"):
            rows = rows.filter(requirement_id=wanted)
        return rows.filter(is_dismissed=False).select_related("listing__complex")
