import os
from pathlib import Path

import pytest

from workers.demo import orders
from workers.demo.orders import Refused

ROOT = Path("/project")


class TestRead:
    def test_has_a_default_for_everything(self):
        asked = orders.read({}, root=ROOT)

        assert asked == orders.Orders(
            port=8000,
            home=ROOT / ".segs",
            meters=5000,
            interval_s=10,
            database_url="",
            redis_url="",
        )

    def test_takes_what_is_given(self):
        given = {
            "PORT": "8123",
            "SEGS_HOME": "/data/segs",
            "DEMO_METERS": "40",
            "DEMO_INTERVAL": "2",
            "DATABASE_URL": "postgresql://db/segs",
            "REDIS_URL": "redis://broker/0",
        }

        asked = orders.read(given, root=ROOT)

        assert (asked.port, asked.meters, asked.interval_s) == (8123, 40, 2)
        assert asked.home == Path("/data/segs")
        assert asked.database_url == "postgresql://db/segs"
        assert asked.redis_url == "redis://broker/0"

    def test_takes_an_empty_value_for_none(self):
        assert orders.read({"PORT": "", "SEGS_HOME": ""}, root=ROOT).port == 8000

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("PORT", "http"),
            ("PORT", "0"),
            ("PORT", "65535"),  # the next one is ingest's
            ("PORT", "-1"),
            ("DEMO_METERS", "many"),
            ("DEMO_METERS", "3"),
            ("DEMO_METERS", "1e3"),
            ("DEMO_METERS", "100001"),
            ("DEMO_INTERVAL", "0"),
            ("DEMO_INTERVAL", "901"),
            ("DEMO_INTERVAL", "2.5"),
        ],
    )
    def test_refuses_by_name(self, name, text):
        with pytest.raises(Refused, match=f"^{name}={text} is not a whole number"):
            orders.read({name: text}, root=ROOT)


class TestMakeHome:
    def test_makes_the_folder(self, tmp_path):
        orders.make_home(tmp_path / "a" / "b", needed_bytes=1)

        assert (tmp_path / "a" / "b").is_dir()

    def test_refuses_a_folder_below_a_file(self, tmp_path):
        (tmp_path / "file").touch()

        with pytest.raises(Refused, match=r"SEGS_HOME=.*cannot be made"):
            orders.make_home(tmp_path / "file" / "home", needed_bytes=1)

    def test_refuses_a_disk_without_room(self, tmp_path):
        with pytest.raises(Refused, match=r"MB left and .* are needed"):
            orders.make_home(tmp_path, needed_bytes=1 << 60)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_refuses_a_folder_that_is_not_ours(self, tmp_path):
        tmp_path.chmod(0o500)

        with pytest.raises(Refused, match="not yours to write"):
            orders.make_home(tmp_path, needed_bytes=1)
