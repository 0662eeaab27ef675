"""News of the market room for the rooms above and beside it."""

from django.dispatch import Signal

#: A rule fired outside its quiet hours. `alert`: markets.models.Alert, `workspace_id`: UUID.
alert_fired = Signal()
#: A new ranking was taken. `snapshot`: markets.models.Snapshot.
snapshot_taken = Signal()
#: One look of a rule let it fire outside its quiet hours. `rule`: markets.models.AlertRule, `alerts`: its Alerts.
rule_fired = Signal()
