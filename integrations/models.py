"""Connections: stored credentials of a workspace or a person for one connector."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.common.db import TenantRow


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
