"""Makes addresses certain before they are stored: those that name no dong are looked up in the address service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from integrations.registry import resolve_site
from integrations.runtime import run_action
from integrations.sdk import ConnectorError
from integrations.services import Opened, credential_for
from portal.common.bridge import run_async
from portal.workspaces.services import Actor
from properties.collectors.official.addresses import search_words
from properties.normalise import RawAdvert
from properties.normalise.addresses import parse_address
from properties.normalise.personal import scrub
from properties.official_tools import juso

#: More would keep the person waiting: the service takes five questions a second.
MAX_LOOKUPS = 60
CANDIDATES = 20


@dataclass(slots=True)
class AddressReport:
    """What became of addresses that name no dong. `reason` says why the rest was not looked up."""

    found: int = 0
    unclear: list[str] = field(default_factory=list)
    reason: str = ""
    is_sandbox: bool = False


def is_certain(raw: RawAdvert) -> bool:
    """Whether the advert's dong is known without asking anybody; one without an address has nothing to ask for."""
    text = str(raw.fields.get("address") or "")
    if not text or raw.fields.get("region_code"):
        return True
    return parse_address(text).level in ("umd", "ri")


def complete_addresses(actor: Actor, raws: Sequence[RawAdvert]) -> tuple[list[RawAdvert], AddressReport]:
    """The adverts with official addresses where exactly one lot fits; everything else stays as it was written."""
    report = AddressReport()
    wanted = list(dict.fromkeys(str(raw.fields["address"]) for raw in raws if not is_certain(raw)))
    if not wanted:
        return list(raws), report
    report.is_sandbox = resolve_site(juso).mode == "sandbox"
    opened = credential_for(actor.workspace.pk, "juso", user_id=actor.user.pk if actor.user else None)
    answers = run_async(lambda: _look_up(actor, opened, wanted[:MAX_LOOKUPS], report))
    if len(wanted) > MAX_LOOKUPS and not report.reason:
        report.reason = f"Only the first {MAX_LOOKUPS} addresses were looked up."
    done = []
    for raw in raws:
        found = None if is_certain(raw) else answers.get(str(raw.fields["address"]))
        if found is None:
            done.append(raw)
            continue
        fields = {**raw.fields, "address": found["lot_address"], "region_code": found["region_code"]}
        done.append(replace(raw, fields=fields))
    report.found = len(answers)
    return done, report


async def _look_up(
    actor: Actor, opened: Opened | None, texts: Iterable[str], report: AddressReport
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        if len(search_words(text)) < 2:
            report.unclear.append(text)
            continue
        try:
            answer = await run_action(
                "juso.find_address",
                {"text": scrub(text)[:120], "rows": CANDIDATES},
                credential=opened.values if opened and opened.values else None,
                workspace_id=str(actor.workspace.pk),
                connection_id=opened.connection_id if opened else "",
                egress=opened.egress if opened else None,
                transport=_transport(),
            )
        except ConnectorError as error:
            report.reason = error.explain()
            return found
        items = answer["items"]
        if answer["total"] == len(items) and len({item["lot_key"] for item in items}) == 1:
            found[text] = items[0]
        else:
            report.unclear.append(text)
    return found


def _transport() -> Any:
    from properties import services

    return services.TRANSPORT
