"""Writes of contracts: begin, tick, close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from properties.contracts.checklist import Item, Stage, checklist
from properties.desk_models import Contract
from properties.models import Listing, Requirement
from properties.normalise.codes import PropertyType, Trade
from properties.normalise.personal import scrub


@dataclass(frozen=True, slots=True)
class Line:
    """An item of a deal's checklist and who ticked it."""

    item: Item
    done: bool
    by: str = ""
    at: str = ""
    note: str = ""


def contract_of(workspace: Any, contract_id: UUID) -> Contract:
    """A deal of this workspace."""
    found: Contract | None = (
        Contract.objects.for_workspace(workspace).select_related("listing", "customer").filter(pk=contract_id).first()
    )
    if found is None:
        raise NotFound("There is no such contract.")
    return found


def lines_of(contract: Contract) -> list[Line]:
    """The checklist as it stands."""
    found = []
    for item in checklist(contract.property_type, contract.trade):
        tick = contract.checks.get(item.key) or {}
        found.append(Line(item, bool(tick), tick.get("by", ""), tick.get("at", ""), tick.get("note", "")))
    return found


def progress_of(contract: Contract) -> tuple[int, int]:
    """Ticked items and all items."""
    lines = lines_of(contract)
    return sum(line.done for line in lines), len(lines)


@transaction.atomic
def contract_begin(
    actor: Actor,
    *,
    listing_id: UUID | None = None,
    customer_id: UUID | None = None,
    title: str = "",
    trade: str = "",
    property_type: str = "",
    signing_on: date | None = None,
    handover_on: date | None = None,
) -> Contract:
    """Begin a deal; trade and type come from the listing unless they are given."""
    actor.require(Permission.DATA_WRITE)
    problems = []
    listing = Listing.objects.for_workspace(actor.workspace).filter(pk=listing_id).first() if listing_id else None
    if listing_id and listing is None:
        problems.append(FieldProblem("listing_id", "There is no such listing.", "Search again."))
    customers = Requirement.objects.for_workspace(actor.workspace)
    customer = customers.filter(pk=customer_id).first() if customer_id else None
    if customer_id and customer is None:
        problems.append(FieldProblem("customer_id", "There is no such customer.", "Choose one of the list."))
    trade = trade or (listing.trade if listing else "")
    property_type = property_type or (listing.property_type if listing else "")
    if trade not in set(Trade):
        problems.append(FieldProblem("trade", "Unknown trade.", f"One of: {', '.join(Trade)}."))
    if property_type not in set(PropertyType):
        problems.append(FieldProblem("property_type", "Unknown type.", f"One of: {', '.join(PropertyType)}."))
    if signing_on and handover_on and handover_on < signing_on:
        problems.append(FieldProblem("handover_on", "The handover is before the signing.", "Give a later day."))
    title = scrub(title).strip() or (str(listing) if listing else "")
    if not title:
        problems.append(FieldProblem("title", "The deal has no name.", "Name the home, such as 가나아파트 103동."))
    if problems:
        raise Invalid("The contract is not complete.", problems=problems)
    contract: Contract = Contract.objects.create(
        workspace=actor.workspace,
        listing=listing,
        customer=customer,
        title=title[:200],
        trade=trade,
        property_type=property_type,
        signing_on=signing_on,
        handover_on=handover_on,
        created_by=actor.user,
    )
    audit(actor, "contract.begun", contract, after={"trade": trade, "property_type": property_type})
    return contract


@transaction.atomic
def contract_tick(actor: Actor, contract_id: UUID, *, key: str, done: bool, note: str = "") -> Contract:
    """Tick or untick an item; who and when is kept."""
    actor.require(Permission.DATA_WRITE)
    contract: Contract | None = (
        Contract.objects.for_workspace(actor.workspace).select_for_update().filter(pk=contract_id).first()
    )
    if contract is None:
        raise NotFound("There is no such contract.")
    if contract.closed_at:
        raise Conflict("The contract is closed.", remedy="Open it again first.")
    if key not in {item.key for item in checklist(contract.property_type, contract.trade)}:
        raise Invalid("Unknown item.", problems=[FieldProblem("key", f"{key!r} is not on this checklist.")])
    if done:
        by = (actor.user.name or actor.user.email) if actor.user else "system"
        contract.checks[key] = {"by": by, "at": timezone.now().isoformat(), "note": scrub(note)[:300]}
    else:
        contract.checks.pop(key, None)
    contract.save(update_fields=["checks"])
    audit(actor, "contract.ticked" if done else "contract.unticked", contract, after={"item": key})
    return contract


@transaction.atomic
def contract_close(actor: Actor, contract_id: UUID, *, closed: bool = True) -> Contract:
    """Close a deal, or open it again. What is not ticked stays visible."""
    actor.require(Permission.DATA_WRITE)
    contract = contract_of(actor.workspace, contract_id)
    contract.closed_at = timezone.now() if closed else None
    contract.save(update_fields=["closed_at"])
    audit(actor, "contract.closed" if closed else "contract.reopened", contract)
    return contract


STAGES = tuple(Stage)
