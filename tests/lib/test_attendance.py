"""How many consoles are connected, as processes say it."""

from datetime import datetime, timedelta

import pytest

from segs_site.lib import attendance
from segs_site.lib.models import Attendance

pytestmark = pytest.mark.django_db


class TestConsoles:
    def test_are_summed_over_the_processes(self, now: datetime) -> None:
        attendance.say(process="web:1", consoles=2, now=now)
        attendance.say(process="web:2", consoles=3, now=now)
        attendance.say(process="web:1", consoles=1, now=now)

        assert attendance.consoles(now=now) == 4

    def test_are_none_where_nobody_says_anything(self, now: datetime) -> None:
        assert attendance.consoles(now=now) == 0

    def test_of_a_silent_process_count_for_a_while(self, now: datetime) -> None:
        attendance.say(process="web:1", consoles=2, now=now)

        until = now + attendance.BELIEVED_FOR
        assert attendance.consoles(now=until - timedelta(seconds=1)) == 2
        assert attendance.consoles(now=until) == 0

    def test_of_a_process_long_gone_are_forgotten(self, now: datetime) -> None:
        attendance.say(process="web:1", consoles=2, now=now)

        later = now + attendance.FORGOTTEN_AFTER + timedelta(seconds=1)
        attendance.say(process="web:2", consoles=0, now=later)

        assert Attendance.objects.get().process == "web:2"
