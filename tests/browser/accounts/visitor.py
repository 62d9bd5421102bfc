"""Somebody at the pages of people, with an authenticator app and a device for passkeys."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.accounts.doors import App
from tests.browser import chromium, scene
from tests.browser.stage import Stage

FACTOR = "/account/second-factor/"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@dataclass
class Visitor:
    """A person, and the page before him."""

    page: Page
    stage: Stage
    email: str

    @property
    def site(self) -> str:
        """Return the site under the name that passkeys know; an address is none to them."""
        return f"http://localhost:{self.stage.web.port}"

    @property
    def password(self) -> str:
        return scene.PASSWORDS[self.email]

    def go(self, path: str) -> None:
        self.page.goto(f"{self.site}{path}")

    def come_in(self) -> None:
        """Be signed in, without the form."""
        cookie = {"name": "sessionid", "value": self.stage.session_of(self.email)}
        self.page.context.add_cookies([cookie | {"url": self.site}])

    def sign_in(self) -> None:
        """Sign in by the form, up to the second step if there is one."""
        chromium.sign_in(self.page, self.site, self.email, self.password)

    def sign_out(self) -> None:
        self.press("Sign out")

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()

    def say_password(self) -> None:
        self.page.get_by_label("Your password, once more").fill(self.password)

    def holds_device(self) -> "Device":
        """Plug in a device that makes passkeys, and touches itself."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        options = DEVICE | {"automaticPresenceSimulation": True}
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return Device(session, made["authenticatorId"])

    def reads_secret(self) -> App:
        """Read the secret that the page shows into an authenticator app."""
        shown = self.page.locator("main").inner_text()
        secret = re.search(r"\b[A-Z2-7]{32}\b", shown)
        assert secret is not None, shown
        return App(f"otpauth://totp/x?secret={secret[0]}")


@dataclass
class Device:
    """A virtual authenticator of Chromium's."""

    session: CDPSession
    id: str

    def keys(self) -> list[dict[str, Any]]:
        answer = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        credentials: list[dict[str, Any]] = answer["credentials"]
        return credentials

    def refuses(self) -> None:
        """Let the person not be recognised from now on."""
        state = {"authenticatorId": self.id, "isUserVerified": False}
        self.session.send("WebAuthn.setUserVerified", state)


def soon() -> datetime:
    """Return a moment whose code was not used by whoever used that of now."""
    return datetime.now(UTC) + timedelta(seconds=30)
