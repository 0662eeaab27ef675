"""Routes of the authorization server, under the names the toolkit's own code looks up."""

from django.urls import path
from oauth2_provider import views as toolkit

from portal.accounts.oauth import device, granted, metadata, registration, views

app_name = "oauth2_provider"
urlpatterns = [
    path(".well-known/oauth-authorization-server", metadata.authorization_server, name="oauth-server-metadata"),
    path(".well-known/oauth-protected-resource/api", metadata.api_resource, name="oauth-resource-metadata"),
    path("oauth/jwks", metadata.jwks, name="jwks"),
    path("oauth/authorize", views.Consent.as_view(), name="authorize"),
    path("oauth/token", views.Token.as_view(), name="token"),
    path("oauth/revoke", views.Revoke.as_view(), name="revoke-token"),
    path("oauth/introspect", views.Introspect.as_view(), name="introspect"),
    path("oauth/register", registration.Register.as_view(), name="dcr-register"),
    path("oauth/device-authorization", views.DeviceAuthorization.as_view(), name="device-authorization"),
    path("oauth/device", device.EnterCode.as_view(), name="device"),
    path("oauth/device/<slug:client_id>/<slug:user_code>", device.Confirm.as_view(), name="device-confirm"),
    path(
        "oauth/device/<slug:client_id>/<slug:user_code>/done",
        toolkit.DeviceGrantStatusView.as_view(),
        name="device-grant-status",
    ),
    path("account/apps", granted.granted_apps, name="granted-apps"),
    path("account/apps/<int:application_id>/revoke", granted.revoke_app, name="revoke-app"),
]
