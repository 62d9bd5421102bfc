import base64
import hmac
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings

from alerts.notifications import signing
from alerts.notifications.carriers import Broken, Busy, Parcel
from tests.workers.carriers.target import Target, serving
from workers.carriers import posting
from workers.carriers.webhooks import WebhookCarrier

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def target() -> Iterator[Target]:
    with serving() as made:
        yield made


@pytest.fixture
def _loopback(settings: LazySettings) -> None:
    """What only a test may reach, by plain HTTP."""
    settings.SEGS_WEBHOOK_NETWORKS = ["127.0.0.0/8", "::1/128"]
    settings.SEGS_WEBHOOK_HTTP = True


def carry(url: str, *, body: bytes = b"{}", total_s: float = 1.0) -> Any:
    return WebhookCarrier(total_s=total_s).carry(Parcel("id", url, body=body), now=NOW)


class TestWhereItGoes:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
    def test_is_never_to_this_machine(
        self, target: Target, settings: LazySettings, host: str
    ) -> None:
        settings.SEGS_WEBHOOK_HTTP = True

        with pytest.raises(Broken, match="may not reach"):
            carry(target.url(host=host))

        assert target.requests == []

    @pytest.mark.parametrize("scheme", ["http", "ftp", "file", "unix"])
    def test_is_by_https_alone(self, scheme: str) -> None:
        with pytest.raises(Broken, match="https alone"):
            carry(f"{scheme}://scada.example/")

    @pytest.mark.usefixtures("_loopback")
    def test_is_never_with_a_password_in_the_address(self, target: Target) -> None:
        with pytest.raises(Broken, match="no password"):
            carry(f"http://user:secret@127.0.0.1:{target.port}/")

    def test_is_the_address_that_was_judged_whatever_the_name_says_next(
        self, target: Target, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.SEGS_WEBHOOK_HTTP = True
        looks: list[str] = []
        honest, loopback = "93.184.216.34", "127.0.0.1"

        def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
            looks.append(host)
            address = honest if len(looks) == 1 else loopback
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, target.port))]

        connected: list[str] = []

        def create_connection(address: tuple[str, int], *_: Any, **__: Any) -> Any:
            connected.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket, "create_connection", create_connection)
        with pytest.raises(Busy):
            carry(target.url(host="rebinding.example"))

        assert (looks, connected) == (["rebinding.example"], [honest])


@pytest.mark.usefixtures("_loopback")
class TestWhatComesBack:
    def test_of_2xx_is_a_receipt(self, target: Target) -> None:
        target.behaviour = 204

        assert carry(target.url()).status == 204

    @pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
    def test_of_an_error_is_tried_again(self, target: Target, status: int) -> None:
        target.behaviour = status

        with pytest.raises(Busy) as caught:
            carry(target.url())

        assert caught.value.status == status

    def test_of_gone_is_not(self, target: Target) -> None:
        target.behaviour = 410

        with pytest.raises(Broken):
            carry(target.url())

    def test_of_a_redirect_is_not_followed(self, target: Target) -> None:
        target.behaviour = "redirect"

        with pytest.raises(Broken, match="redirects"):
            carry(target.url())

        assert [request.path for request in target.requests] == ["/hook"]

    @pytest.mark.parametrize("behaviour", ["hang", "drip"])
    def test_too_slowly_is_over_in_time(self, target: Target, behaviour: str) -> None:
        target.behaviour = behaviour
        began = time.monotonic()

        with pytest.raises(Busy, match="too long"):
            carry(target.url(), total_s=0.4)

        assert time.monotonic() - began < 2

    def test_without_end_is_cut_off(self, target: Target) -> None:
        target.behaviour = "film"

        assert carry(target.url(), total_s=5).status == 200

    def test_of_nobody_is_tried_again(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            with pytest.raises(Busy):
                carry(f"http://127.0.0.1:{port}/")


@pytest.mark.usefixtures("_loopback")
class TestASignature:
    def test_is_what_a_receiver_computes_from_what_it_got(self, target: Target) -> None:
        secret, body = signing.new_secret(), '{"said":"Ünderground"}'.encode()
        headers = signing.headers(secret=secret, message_id="m-1", body=body, now=NOW)
        parcel = Parcel("m-1", target.url(), body=body, headers=headers)

        WebhookCarrier().carry(parcel, now=NOW)

        [got] = target.requests
        key = base64.b64decode(signing.spelled(secret).removeprefix("whsec_"))
        content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode()
        expected = base64.b64encode(hmac.digest(key, content + got.body, "sha256")).decode()
        assert got.headers["webhook-signature"] == f"v1,{expected}"
        assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))

    def test_is_that_of_the_published_example(self) -> None:
        """The test vector of the Standard Webhooks libraries."""
        secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        sent_at = datetime.fromtimestamp(1614265330, UTC)

        headers = signing.headers(
            secret=secret,
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            body=b'{"test": 2432232314}',
            now=sent_at,
        )

        assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of `localhost`, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return path


@pytest.mark.usefixtures("_loopback")
class TestTls:
    @pytest.fixture
    def secret_target(self, certificate: Path) -> Iterator[Target]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with serving(tls=context) as made:
            yield made

    def test_goes_by_the_name_though_the_connection_goes_to_an_address(
        self, secret_target: Target, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

        receipt = carry(secret_target.url(host="localhost", scheme="https"), total_s=5)

        assert receipt.status == 200
        assert secret_target.requests[0].headers["host"] == f"localhost:{secret_target.port}"

    def test_refuses_a_certificate_of_another_name_and_one_of_nobody(
        self, secret_target: Target, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(Busy):
            carry(secret_target.url(host="localhost", scheme="https"), total_s=5)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(Busy):
            carry(secret_target.url(host="127.0.0.1", scheme="https"), total_s=5)

        assert secret_target.requests == []


class TestPosting:
    def test_gives_up_when_no_time_is_left(self) -> None:
        deadline = posting.Deadline(time.monotonic() - 1)

        with pytest.raises(Exception, match="too long"):
            deadline.left()
