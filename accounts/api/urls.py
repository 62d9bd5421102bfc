"""Addresses below /api/auth, /api/users and /api/admin, with and without a slash at the end."""

from django.urls import re_path

from accounts.api import joining, keys, me, second_factor, trail, users, views

urlpatterns = [
    re_path(r"^auth/login/?$", views.LoginView.as_view(), name="api-login"),
    re_path(
        r"^auth/login/second-factor/?$", views.SecondStepView.as_view(), name="api-second-step"
    ),
    re_path(
        r"^auth/login/passkey-options/?$",
        views.PasskeyChallengeView.as_view(),
        name="api-passkey-challenge",
    ),
    re_path(r"^auth/refresh/?$", views.RefreshView.as_view(), name="api-refresh"),
    re_path(r"^auth/logout/?$", views.LogoutView.as_view(), name="api-logout"),
    re_path(r"^auth/register/?$", joining.RegisterView.as_view(), name="api-register"),
    re_path(r"^auth/verify-email/?$", joining.VerifyEmailView.as_view(), name="api-verify-email"),
    re_path(
        r"^auth/resend-verification/?$",
        joining.ResendVerificationView.as_view(),
        name="api-resend-verification",
    ),
    re_path(
        r"^auth/forgot-password/?$",
        joining.ForgotPasswordView.as_view(),
        name="api-forgot-password",
    ),
    re_path(
        r"^auth/reset-password/?$", joining.ResetPasswordView.as_view(), name="api-reset-password"
    ),
    re_path(
        r"^auth/change-password/?$",
        joining.ChangePasswordView.as_view(),
        name="api-change-password",
    ),
    re_path(
        r"^auth/second-factor/?$",
        second_factor.SecondFactorView.as_view(),
        name="api-second-factor",
    ),
    re_path(r"^auth/second-factor/app/?$", second_factor.AppView.as_view(), name="api-app"),
    re_path(
        r"^auth/second-factor/app/confirm/?$",
        second_factor.ConfirmAppView.as_view(),
        name="api-app-confirm",
    ),
    re_path(
        r"^auth/second-factor/app/remove/?$",
        second_factor.RemoveAppView.as_view(),
        name="api-app-remove",
    ),
    re_path(
        r"^auth/second-factor/passkeys/options/?$",
        second_factor.PasskeyOptionsView.as_view(),
        name="api-passkey-options",
    ),
    re_path(
        r"^auth/second-factor/passkeys/?$",
        second_factor.PasskeysView.as_view(),
        name="api-passkeys",
    ),
    re_path(
        r"^auth/second-factor/passkeys/(?P<passkey_id>[0-9]{1,18})/remove/?$",
        second_factor.RemovePasskeyView.as_view(),
        name="api-passkey-remove",
    ),
    re_path(
        r"^auth/second-factor/recovery-codes/?$",
        second_factor.RecoveryCodesView.as_view(),
        name="api-recovery-codes",
    ),
    re_path(r"^users/me/?$", me.MeView.as_view(), name="api-me"),
    re_path(r"^users/me/preferences/?$", me.PreferencesView.as_view(), name="api-preferences"),
    re_path(r"^admin/users/?$", users.UsersView.as_view(), name="api-users"),
    re_path(r"^admin/users/(?P<pk>[0-9]{1,18})/?$", users.UserView.as_view(), name="api-user"),
    re_path(
        r"^admin/users/(?P<pk>[0-9]{1,18})/reset-second-factor/?$",
        users.SecondFactorResetView.as_view(),
        name="api-user-reset-second-factor",
    ),
    re_path(r"^admin/api-keys/?$", keys.ApiKeysView.as_view(), name="api-keys"),
    re_path(r"^admin/api-keys/(?P<pk>[0-9]{1,18})/?$", keys.ApiKeyView.as_view(), name="api-key"),
    re_path(r"^admin/audit/?$", trail.AuditView.as_view(), name="api-audit"),
]
