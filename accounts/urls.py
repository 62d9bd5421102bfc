"""Pages of people."""

from django.urls import path

from accounts.views import joining, leaving, own_data, profile, second_factor, signing_in

urlpatterns = [
    path("sign-in/", signing_in.SignIn.as_view(), name="login"),
    path("sign-in/second-step/", signing_in.second_step, name="second-step"),
    path("sign-out/", signing_in.SignOut.as_view(), name="logout"),
    path("register/", joining.register, name="register"),
    path("verify-email/<str:token>/", joining.verify_email, name="verify-email"),
    path("resend-verification/", joining.resend_verification, name="resend-verification"),
    path("forgot-password/", joining.forgot_password, name="forgot-password"),
    path("reset-password/<str:token>/", joining.reset_password, name="reset-password"),
    path("account/", profile.profile, name="profile"),
    path("account/present/", profile.present, name="present"),
    path("account/password/", profile.change_password, name="change-password"),
    path("account/data/", own_data.data, name="own-data"),
    path("account/data/ask/", own_data.ask, name="own-data-ask"),
    path("account/data/archive/", own_data.archive, name="own-data-archive"),
    path("account/close/", leaving.close, name="close-account"),
    path("account/second-factor/", second_factor.second_factor, name="second-factor"),
]
