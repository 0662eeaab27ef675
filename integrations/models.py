"""Connections: stored credentials of a workspace or a person for one connector; and what workflows keep in stores."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from portal.common.db import TenantRow
from portal.workspaces.vault import place_of, unseal


class Connection(TenantRow):
    """A credential, encrypted with the data key of its owner. Values never leave the vault again."""

    class Health(models.TextChoices):
        UNKNOWN = "unknown"
        OK = "ok"
        FAILING = "failing"
        EXPIRED = "expired"

    connector = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    #: A person's own connection when set; else the whole workspace may use it.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    #: Holds no credential: whoever calls needs a connection of their own, and that one is used.
    each_caller = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    data_key = models.ForeignKey("workspaces.DataKey", models.RESTRICT, null=True, related_name="+")
    sealed = models.BinaryField()
    account = models.CharField(max_length=200, blank=True)
    scopes = models.JSONField(default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    #: When a new token is fetched; None where nothing can be renewed.
    refresh_at = models.DateTimeField(null=True, blank=True)
    health = models.CharField(max_length=8, choices=Health, default=Health.UNKNOWN)
    health_message = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "connector", "name", "owner"],
                name="connection_name_once",
                nulls_distinct=False,
            ),
        )
        indexes = (
            models.Index(
                fields=["refresh_at"], name="connection_refresh", condition=models.Q(refresh_at__isnull=False)
            ),
        )
        ordering = ("connector", "name")

    def __str__(self) -> str:
        return f"{self.name} ({self.connector})"


class WorkspaceConnector(TenantRow):
    """A connector that a workspace made for itself, out of an OpenAPI document or another MCP server's tools."""

    class Kind(models.TextChoices):
        OPENAPI = "openapi"
        MCP = "mcp"

    #: The connector's id: random, so that no two workspaces' are alike and none can be guessed.
    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    #: Where the document is read from again; empty for one that was uploaded.
    address = models.CharField(max_length=2000, blank=True)
    base_url = models.CharField(max_length=2000, blank=True)
    document = models.JSONField(null=True, blank=True)
    #: `integrations.own.spec.OwnSpec` as JSON.
    spec = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    #: The client secret that a server's registration gave, sealed.
    data_key = models.ForeignKey("workspaces.DataKey", models.RESTRICT, null=True, related_name="+")
    sealed = models.BinaryField(null=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refresh_error = models.CharField(max_length=500, blank=True)
    #: When beat last looked at the source by itself.
    checked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "title"], name="workspace_connector_title_once"),)
        ordering = ("title", "id")

    def __str__(self) -> str:
        return self.title

    @property
    def client_secret(self) -> str:
        """The secret of the client registered with this server, empty for none."""
        if self.data_key is None or self.sealed is None:
            return ""
        return str(unseal(self.data_key, self.sealed, place_of(self)).get("client_secret", ""))


class StoredValue(TenantRow):
    """One value of a key-value store. A store is a name: it begins with its first key and ends with its last."""

    store = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    value = models.JSONField()
    #: Bytes of key and value as JSON, counted for the workspace's quota.
    size = models.PositiveIntegerField()
    expires_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "store", "key"], name="stored_value_once"),)
        indexes = (models.Index(fields=["workspace", "expires_at"], name="stored_value_expiry"),)
        ordering = ("store", "key")

    def __str__(self) -> str:
        return f"{self.store}/{self.key}"


class StoreReceipt(TenantRow):
    """The result of a write to a store, so that a repetition of the same call changes nothing again."""

    #: SHA-256 of the action and the call's idempotency key.
    digest = models.CharField(max_length=64)
    result = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "digest"], name="store_receipt_once"),)
        indexes = (models.Index(fields=["workspace", "created_at"], name="store_receipt_age"),)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.digest[:12]


class DataTable(TenantRow):
    """A table of a workspace: a name and typed columns (`integrations.stores.columns.Column` as JSON)."""

    name = models.CharField(max_length=64)
    columns = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="data_table_once"),)
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DataRow(TenantRow):
    """One row of a table. It carries its workspace too, so that no query can reach across workspaces."""

    table = models.ForeignKey(DataTable, models.CASCADE, related_name="rows")
    values = models.JSONField()
    #: Bytes of the values as JSON, counted for the workspace's quota.
    size = models.PositiveIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = (
            models.Index(fields=["table", "id"], name="data_row_of_table"),
            GinIndex(fields=["values"], opclasses=["jsonb_path_ops"], name="data_row_values"),
        )
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.pk)
