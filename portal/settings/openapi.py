"""Settings of the OpenAPI document of the REST API."""

from __future__ import annotations

from typing import Any

DESCRIPTION = """\
Compose connectors into workflows, run them, and deploy them as MCP servers.

* **Sign in** with an API key (`Authorization: Bearer pat_…`), an OAuth access token, or a browser's session.
* **Workspace**: send its id as `X-Workspace`; without it, the key's own or the last one used is meant.
* **Lists** come in pages: follow `next` until it is null. `limit`, `ordering` and filters are query parameters;
  an unknown parameter is an error. `fields=id,name` cuts each row to what you need.
* **Errors** are `application/problem+json` with a stable `code`, a remedy, and one entry per wrong field.
* **Idempotency-Key** on a POST makes a repeat within a day answer the first result.
* **ETag / If-Match** guard drafts: a write names the state it read.
* **Accept-Language** `ko` or `en` chooses the language of words, errors included.
"""
TAGS = {
    "Sign-in": "Who am I, and tokens",
    "People": "Your profile",
    "API keys": "Keys for programs",
    "Workspaces": "Workspaces, members, invitations, the record of what was done",
    "Workflows": "Graphs, their draft and versions",
    "Executions": "Runs and their events",
    "Nodes": "The catalogue of actions with their schemas",
    "Integrations": "Connectors and connections",
    "Deployments": "MCP servers: revisions, tools, keys",
    "Notifications": "Inbox, preferences, destinations, delivery log",
    "Monitoring": "Health, queues, workers, usage",
    "Procurement": "Naramarket: crawls, notices, products",
    "Markets": "Korean stock rankings, alerts",
    "Properties": "Real-estate listings",
    "Time series": "Forecasting and anomaly detection",
}


def spectacular() -> dict[str, Any]:
    """OpenAPI 3.1, assets from this site only, one component name per choice set."""
    return {
        "TITLE": "Portal API",
        "DESCRIPTION": DESCRIPTION,
        "VERSION": "1",
        "OAS_VERSION": "3.1.0",
        "LICENSE": {"name": "MIT", "identifier": "MIT"},
        "SERVERS": [{"url": "/", "description": "This site"}],
        "TAGS": [{"name": name, "description": text} for name, text in TAGS.items()],
        "SERVE_INCLUDE_SCHEMA": False,
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "SWAGGER_UI_SETTINGS": {
            "deepLinking": True,
            "displayOperationId": True,
            "persistAuthorization": False,
            "validatorUrl": None,
            "docExpansion": "none",
            "filter": True,
        },
        "REDOC_DIST": "SIDECAR",
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
        "SERVE_AUTHENTICATION": [],
        "PREPROCESSING_HOOKS": ["portal.common.openapi.only_api"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "portal.common.openapi_errors.plain_json",
            "portal.common.openapi_errors.close_inputs",
            "portal.common.openapi_errors.add_errors",
            "portal.common.openapi_headers.add_headers",
            "portal.common.openapi_examples.add_examples",
        ],
        "ENUM_NAME_OVERRIDES": {
            "ExecutionState": "workflows.models.Execution.State",
            "ExecutionSource": "workflows.models.Execution.Source",
            "NodeRunState": "workflows.models.NodeRun.State",
            "DeploymentState": "deployments.models.Deployment.State",
            "RevisionVerdict": "deployments.models.Revision.Verdict",
            "ConnectionHealth": "integrations.models.Connection.Health",
            "AdvertState": "properties.models.AdvertState",
            "ListingState": "properties.models.ListingState",
            "CollectionState": "properties.models.CollectionState",
            "PropertyType": "properties.models.TYPES",
            "Trade": "properties.models.TRADES",
            "HealthCheck": "portal.api.health.CHECK",
            "HealthState": "portal.api.health.STATES",
            "Role": "portal.workspaces.models.ROLE_CHOICES",
            "KeyRole": "portal.workspaces.api.serializers.KEY_ROLES",
            "PermissionName": "portal.workspaces.api.serializers.PERMISSIONS",
            "FiringState": "workflows.triggers.models.Firing.State",
            "NotificationChannel": "portal.notifications.models.Channel",
            "NotificationMode": "portal.notifications.models.Mode",
            "NotificationState": ["unread", "read"],
            "DestinationChannel": [
                ("email", "Email"),
                ("webhook", "Webhook"),
                ("slack", "Slack"),
                ("sms", "Sms"),
                ("push", "Push"),
            ],
            "ConnectionUseKind": ["workflow", "server", "trigger"],
            "ReportKind": "properties.desk_models.ReportKind",
            "UpstreamMode": ["sandbox", "live", "custom", "local"],
            "JobState": "timeseries.records.STATES",
        },
    }
