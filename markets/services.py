"""Asking the market tools for a workspace, keeping what they answered, and watching the alert rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.registry import resolve_site
from integrations.runtime import in_context, run_action, typed_credential
from integrations.sdk import ConnectorError, Context
from integrations.services import credential_for
from markets import alerts
from markets.connector import kis, open_desk
from markets.errors import UnknownRule
from markets.kis import hours
from markets.models import Alert, AlertRule, DailyBar, Snapshot, Symbol
from markets.signals import alert_fired, rule_fired, snapshot_taken
from portal.common.bridge import run_async
from portal.common.errors import Conflict, FieldProblem, Invalid
from portal.common.store import RedisStore
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit

SNAPSHOT_DAYS = 14
BAR_DAYS = 400
#: Numeric columns a rule may compare, by tool.
RULE_FIELDS = {
    "get_volume_ranking": ("trading_value", "change_percent", "turnover_percent", "market_share_percent", "price"),
    "get_market_cap_ranking": ("market_cap", "change_percent", "turnover_percent", "trading_value", "price"),
    "get_volume_change_ranking": ("change_in_value_percent", "trading_value", "change_percent"),
    "get_investor_ranking": ("net_amount", "net_quantity", "change_percent"),
    "get_sector_volume_ranking": ("trading_value", "share_percent", "change_percent"),
    "get_unusual_volume": ("score", "volume_score", "times_usual", "trading_value"),
}


def ask(workspace_id: UUID, tool: str, params: Mapping[str, Any], *, language: str = "en") -> dict[str, Any]:
    """A market tool's answer for a workspace, with its own connection; a `ConnectorError` names what is wrong."""
    opened = credential_for(workspace_id, kis.id)

    async def call() -> Any:
        return await run_action(
            f"{kis.id}.{tool}",
            params,
            credential=opened.values if opened and opened.values else None,
            workspace_id=str(workspace_id),
            connection_id=opened.connection_id if opened else "",
            language=language,
        )

    answer: dict[str, Any] = run_async(call)
    return answer


def ask_now(actor: Actor, tool: str, params: Mapping[str, Any], *, language: str = "en") -> dict[str, Any]:
    """`ask` for pages and REST, which are synchronous; needs the permission to read data."""
    actor.require(Permission.DATA_READ)
    answer: dict[str, Any] = ask(actor.workspace.pk, tool, params, language=language)
    return answer


def origin() -> str:
    """Which upstream the figures come from just now."""
    return str(resolve_site(kis).mode)


# -- snapshots and history -----------------------------------------------------------------------------------


def snapshot_take(workspace: Workspace, market: str = "ALL", venue: str = "KRX") -> Snapshot:
    """Ask for the ranking and keep it; an equal one taken at the same upstream moment is not kept twice."""
    answer = ask(workspace.pk, "get_volume_ranking", {"market": market, "venue": venue, "count": 30})
    taken_at = datetime.fromisoformat(answer["as_of"])
    with transaction.atomic():
        latest = (
            Snapshot.objects.for_workspace(workspace).select_for_update().filter(market=market, venue=venue).first()
        )
        if latest is not None and latest.taken_at >= taken_at:
            return latest
        snapshot = Snapshot.objects.create(
            workspace=workspace,
            taken_at=taken_at,
            data_date=answer["data_date"],
            session=answer["session"],
            market=market,
            venue=venue,
            answer=answer,
        )
    snapshot_taken.send(sender=Snapshot, snapshot=snapshot)
    return snapshot


async def _instruments(ctx: Context) -> list[Any]:
    return list((await open_desk(ctx).instruments()).value.values())


def in_desk(workspace_id: UUID, work: Any, *, seconds: float = 60.0) -> Any:
    """Run `work(ctx)` with the workspace's connection, as an action would run."""
    import time as clock

    opened = credential_for(workspace_id, kis.id)
    credential = typed_credential(kis, opened.values if opened and opened.values else None)

    async def call() -> Any:
        return await in_context(
            kis,
            work,
            label="markets",
            context_options={"workspace_id": str(workspace_id)},
            credential=credential,
            deadline=clock.monotonic() + seconds,
            store=RedisStore("sdk"),
        )

    return run_async(call)


def symbols_refresh(workspace: Workspace) -> int:
    """Bring the instrument table up to the symbol files; returns how many there are."""
    found, now, source = in_desk(workspace.pk, _instruments), timezone.now(), origin()
    rows = [
        Symbol(
            origin=source,
            code=item.code,
            name=item.name[:80],
            market=item.market,
            kind=item.kind,
            sector_large=item.sector_large,
            sector_medium=item.sector_medium,
            is_preferred=item.is_preferred,
            is_spac=item.is_spac,
            is_halted=item.is_halted,
            shares=item.shares,
            market_cap=item.market_cap,
            seen_at=now,
        )
        for item in found
    ]
    changing = [
        "name", "market", "kind", "sector_large", "sector_medium", "is_preferred", "is_spac", "is_halted", "shares",
        "market_cap", "seen_at",
    ]  # fmt: skip
    Symbol.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=["origin", "code"], update_fields=changing
    )
    return len(rows)


def history_refresh(workspace: Workspace, codes: list[str] | None = None, limit: int = 1000) -> dict[str, int]:
    """Store daily bars of the largest stocks (or of `codes`), as fast as the upstream's rate allows.

    One call brings a stock's last hundred days; at the shared pace that is 1,071 stocks a minute at most. A stock whose
    history fails is counted and left as it was.
    """
    source = origin()
    if codes is None:
        stocks = Symbol.objects.filter(origin=source, kind="stock").order_by("-market_cap")
        codes = list(stocks.values_list("code", flat=True)[:limit])

    async def work(ctx: Context) -> tuple[dict[str, list[Any]], list[str]]:
        desk = open_desk(ctx)
        moment = await desk.moment()
        return await desk.histories(codes, moment.data_date + timedelta(days=1), sessions=65)

    found, failed = in_desk(workspace.pk, work, seconds=60 + len(codes) / 10) if codes else ({}, [])
    today = hours.last_session(timezone.now())
    rows = [
        DailyBar(
            origin=source,
            code=code,
            date=bar.date,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            trading_value=bar.trading_value,
        )
        for code, bars in found.items()
        for bar in bars
        # A session under way is not a finished bar yet.
        if bar.date < today or hours.progress_of(timezone.now(), bar.date) >= 1
    ]
    DailyBar.objects.bulk_create(
        rows,
        batch_size=5000,
        update_conflicts=True,
        unique_fields=["origin", "venue", "code", "date"],
        update_fields=["open", "high", "low", "close", "volume", "trading_value"],
    )
    return {"stocks": len(found), "bars": len(rows), "failed": len(failed)}


def old_rows_prune() -> dict[str, int]:
    """Delete snapshots and bars past their retention."""
    now = timezone.now()
    snapshots, _ = Snapshot.objects.filter(taken_at__lt=now - timedelta(days=SNAPSHOT_DAYS)).delete()
    bars, _ = DailyBar.objects.filter(date__lt=now.date() - timedelta(days=BAR_DAYS), origin="live").delete()
    return {"snapshots": snapshots, "bars": bars}


# -- alerts --------------------------------------------------------------------------------------------------


def rule_problems(tool: str, params: Mapping[str, Any], condition: str, field: str, threshold: float | None) -> None:
    """Raise `Invalid` naming each field of a rule that cannot work."""
    problems = []
    if tool not in RULE_FIELDS:
        problems.append(FieldProblem("tool", "There is no such tool.", f"Use one of: {', '.join(RULE_FIELDS)}."))
    else:
        try:
            kis.actions[tool].parse(dict(params))
        except ConnectorError as error:
            problems += [FieldProblem(f"params.{item.field}", item.message, item.remedy) for item in error.problems]
        if condition != AlertRule.Condition.NEW_ENTRY and field not in RULE_FIELDS[tool]:
            remedy = f"Use one of: {', '.join(RULE_FIELDS[tool])}."
            problems.append(FieldProblem("field", "This tool's rows have no such figure.", remedy))
    if condition not in AlertRule.Condition.values:
        remedy = f"Use one of: {', '.join(AlertRule.Condition.values)}."
        problems.append(FieldProblem("condition", "There is no such condition.", remedy))
    elif condition != AlertRule.Condition.NEW_ENTRY and threshold is None:
        problems.append(FieldProblem("threshold", "A figure is needed.", "Give the value to compare with."))
    if problems:
        raise Invalid("The rule is not complete.", problems=problems)


def rule_create(
    actor: Actor,
    *,
    name: str,
    tool: str,
    condition: str,
    params: Mapping[str, Any] | None = None,
    field: str = "",
    threshold: float | None = None,
    hysteresis_percent: float = 5.0,
    cooldown_minutes: int = 30,
    quiet_from: time | None = None,
    quiet_to: time | None = None,
) -> AlertRule:
    """A new rule of the workspace; it looks at the market from the next minute on."""
    actor.require(Permission.DATA_WRITE)
    rule_problems(tool, params or {}, condition, field, threshold)
    try:
        with transaction.atomic():
            rule = AlertRule.objects.create(
                workspace=actor.workspace,
                name=name.strip() or tool,
                tool=tool,
                params=dict(params or {}),
                condition=condition,
                field=field if condition != AlertRule.Condition.NEW_ENTRY else "",
                threshold=threshold,
                hysteresis_percent=hysteresis_percent,
                cooldown_minutes=cooldown_minutes,
                quiet_from=quiet_from,
                quiet_to=quiet_to,
                created_by=actor.user,
            )
            audit(actor, "market_rule.created", rule)
    except IntegrityError:
        raise Conflict("There is a rule of this name already.", remedy="Choose another name.") from None
    return rule


def rule_of(actor: Actor, rule_id: UUID) -> AlertRule:
    """A rule of the actor's workspace."""
    rule = AlertRule.objects.for_workspace(actor.workspace).filter(pk=rule_id).first()
    if rule is None:
        raise UnknownRule("There is no such rule.")
    return rule


@transaction.atomic
def rule_switch(actor: Actor, rule_id: UUID, active: bool) -> AlertRule:
    """Turn a rule on or off; its memory is cleared, so that it starts afresh."""
    actor.require(Permission.DATA_WRITE)
    rule = rule_of(actor, rule_id)
    rule.is_active, rule.memory, rule.problem = active, {}, ""
    rule.save(update_fields=["is_active", "memory", "problem"])
    audit(actor, "market_rule.switched", rule, after={"is_active": active})
    return rule


@transaction.atomic
def rule_delete(actor: Actor, rule_id: UUID) -> None:
    """Remove a rule; what it reported stays."""
    actor.require(Permission.DATA_WRITE)
    rule = rule_of(actor, rule_id)
    audit(actor, "market_rule.deleted", rule)
    rule.delete()


def rule_look(rule_id: UUID, *, now: datetime | None = None) -> list[Alert]:
    """One look at the market for a rule; a failure of the upstream is noted at the rule and fires nothing."""
    rule = AlertRule.objects.get(pk=rule_id)
    moment = now or timezone.now()
    try:
        answer = ask(rule.workspace_id, rule.tool, rule.params)
    except ConnectorError as error:
        AlertRule.objects.filter(pk=rule_id).update(problem=error.message[:300], checked_at=moment)
        return []
    with transaction.atomic():
        rule = AlertRule.objects.select_for_update().get(pk=rule_id)
        if not rule.is_active:
            return []
        memory = alerts.Memory.from_json(rule.memory)
        firings = alerts.look(rule_part(rule), memory, answer["rows"], moment)
        fired = [
            Alert(
                workspace_id=rule.workspace_id,
                rule=rule,
                rule_name=rule.name,
                code=str(firing.row["code"]),
                stock_name=str(firing.row["name"])[:80],
                value=firing.value,
                row=dict(firing.row),
                as_of=datetime.fromisoformat(answer["as_of"]),
                quiet=firing.quiet,
            )
            for firing in firings
        ]
        Alert.objects.bulk_create(fired)
        rule.memory, rule.checked_at, rule.problem = memory.to_json(), moment, ""
        rule.save(update_fields=["memory", "checked_at", "problem"])
        for alert in fired:
            if not alert.quiet:
                transaction.on_commit(lambda alert=alert: alert_fired.send(sender=Alert, alert=alert))
        if told := [alert for alert in fired if not alert.quiet]:
            transaction.on_commit(lambda: rule_fired.send_robust(sender=AlertRule, rule=rule, alerts=told))
    return fired


def rule_part(rule: AlertRule) -> alerts.Rule:
    """The deciding part of a stored rule."""
    return alerts.Rule(
        condition=rule.condition,
        field=rule.field,
        threshold=rule.threshold,
        hysteresis_percent=rule.hysteresis_percent,
        cooldown=timedelta(minutes=rule.cooldown_minutes),
        quiet_from=rule.quiet_from,
        quiet_to=rule.quiet_to,
    )


def sparks(actor: Actor, codes: list[str], *, sessions: int = 20) -> dict[str, list[int]]:
    """The trading values of the last sessions by code, for the small curves; a stock without history is left out."""
    actor.require(Permission.DATA_READ)

    async def work(ctx: Context) -> dict[str, list[int]]:
        desk = open_desk(ctx)
        moment = await desk.moment()
        found, _ = await desk.histories(codes, moment.data_date, sessions=sessions)
        return {code: [bar.trading_value or 0 for bar in bars] for code, bars in found.items()}

    result: dict[str, list[int]] = in_desk(actor.workspace.pk, work)
    return result
