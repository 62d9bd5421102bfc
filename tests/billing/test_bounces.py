"""Notifications of mail servers, read whatever they send."""

import pytest

from billing import bounces

ID = "bill-" + "0123456789abcdef" * 2


def notification(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    returned: str = f"Message-ID: <{ID}@u.example>",
) -> bytes:
    """What a mail server sends back."""
    return f"""From: MAILER-DAEMON@mx.example
To: segs@utility.example
Message-ID: <bounce-1@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="B"
MIME-Version: 1.0

--B
Content-Type: text/plain

I could not deliver it.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; carl@home.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1
 no such user

--B
Content-Type: text/rfc822-headers

Subject: Your bill
{returned}

--B--
""".encode()


class TestRead:
    def test_tells_a_hard_bounce_with_its_reason(self) -> None:
        (found,) = bounces.read(notification())

        assert found == bounces.Bounce(
            ID, "carl@home.example", True, "5.1.1", "smtp; 550 5.1.1 no such user"
        )

    @pytest.mark.parametrize(
        ("said", "is_hard"),
        [
            ({"action": "delayed", "status": "4.4.1"}, False),
            ({"action": "failed", "status": "4.2.2"}, False),
            ({"action": "Failed", "status": "5.7.1"}, True),
            ({"action": "failed", "status": "odd"}, True),
        ],
    )
    def test_tells_hard_from_soft(self, said: dict[str, str], is_hard: bool) -> None:
        assert [each.is_hard for each in bounces.read(notification(**said))] == [is_hard]

    def test_finds_the_id_in_a_folded_header(self) -> None:
        assert bounces.read(notification(returned=f"Message-ID:\r\n <{ID}@u.example>"))

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"\xff\x00" * 40, b"Subject: hello\n\nhi",
            notification(returned="Message-ID: <other@u.example>"),
            notification(action="delivered", status="2.0.0"),
            f"Message-ID: <{ID}@u.example>\n\nour own bill".encode(),
            f"Subject: re\n\nabout <{ID}@u.example>".encode(),
            b"Content-Type: message/delivery-status\n\n<" + ID.encode() + b"@x>",
            b"Content-Type: multipart/report; boundary=\n\n--\n" * 50,
        ],
    )  # fmt: skip
    def test_takes_up_nothing_else(self, content: bytes) -> None:
        assert bounces.read(content) == []

    def test_looks_at_no_message_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounces, "LARGEST", 10)

        assert bounces.read(notification()) == []
