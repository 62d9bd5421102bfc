"""Addresses below /api/auth, with and without a slash at the end."""

from django.urls import re_path

from accounts.api import views

urlpatterns = [
    re_path(r"^auth/login/?$", views.LoginView.as_view(), name="api-login"),
    re_path(r"^auth/refresh/?$", views.RefreshView.as_view(), name="api-refresh"),
    re_path(r"^auth/logout/?$", views.LogoutView.as_view(), name="api-logout"),
]
