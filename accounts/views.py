"""Pages of people: signing in and out."""

from django.contrib.auth.views import LoginView, LogoutView

from accounts.forms import SignInForm


class SignIn(LoginView):
    """Signs a person in by e-mail address; who is signed in already goes on."""

    authentication_form = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Ends the session; by POST only, so that no link can do it."""
