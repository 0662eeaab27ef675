"""People: the user, personal API keys, and one-time sign-in links."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from portal.common.db import Row


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(Row, AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address."""

    class Theme(models.TextChoices):
        SYSTEM = "system"
        LIGHT = "light"
        DARK = "dark"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, default="", blank=True)
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    time_zone = models.CharField(max_length=64, default="Asia/Seoul")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    last_workspace_id = models.UUIDField(null=True, blank=True)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique_ci"),)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.split("@")[0]


class SignInLink(Row):
    """A link that signs its person in once, within minutes: printed by `make run`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"sign-in link of {self.user_id}"


class ApiKey(Row):
    """A key for the REST API. Only its hash is kept; the secret is shown once.

    A personal key acts as its person. A key of a workspace has a role of its own there and outlives its maker's
    membership; the maker is kept for the record.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    workspace_id = models.UUIDField(null=True, blank=True, db_index=True)
    #: The role of a workspace's key; empty for personal keys, which have their person's role.
    role = models.CharField(max_length=8, blank=True)
    #: 0 means: no limit besides those of the workspace.
    per_minute = models.PositiveIntegerField(default=0)
    daily_calls = models.PositiveIntegerField(default=0)
    monthly_calls = models.PositiveIntegerField(default=0)
    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    def is_usable(self, now: datetime | None = None) -> bool:
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class SpentCode(Row):
    """An authorization code that was exchanged, and what it bought, so that a replay can take that back."""

    code_hash = models.CharField(max_length=64, unique=True)
    client_id = models.CharField(max_length=255)
    access_checksum = models.CharField(max_length=64)
    token_family = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"spent code {self.pk}"


class SigningKey(Row):
    """A key that signs access tokens; its public half is published until no living token can carry its signature."""

    kid = models.CharField(max_length=64, unique=True)
    public_jwk = models.JSONField()
    #: The private key as PKCS #8, wrapped by the root key named.
    root_key_id = models.CharField(max_length=200)
    wrapped = models.BinaryField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"signing key {self.kid}"


class PersonExport(Row):
    """An archive of what is stored about a person, made in the background and kept for a day."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    user = models.ForeignKey(User, models.CASCADE, related_name="exports")
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"export of {self.user_id}, {self.state}"

    @property
    def path(self) -> str:
        """Where the archive lies in the file store."""
        return f"people/{self.user_id}/{self.pk}.zip"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)
