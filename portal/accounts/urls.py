from django.urls import path

from portal.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/<str:token>", views.sign_in_with_link, name="sign-in-with-link"),
    path("preferences", views.save_preferences, name="save-preferences"),
]
