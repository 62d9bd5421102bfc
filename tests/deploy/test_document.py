"""docs/deployment.md speaks of what stands."""

import re

from django.core.management import get_commands

from tests.deploy import containers
from tests.deploy.test_containers import SERVICES, variables
from tests.house import sources

PAGE = (sources.ROOT / "docs/deployment.md").read_text()


class TestDeployment:
    def test_names_every_container(self) -> None:
        table = PAGE.partition("| container |")[2].partition("\n\n")[0]
        named = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`[^|]+) \|", table, re.M)))

        assert set(named) == SERVICES.keys() - {"prometheus", "grafana"}

    def test_names_files_that_exist(self) -> None:
        links = re.findall(r"\]\(([^)#]+)\)", PAGE)
        files = re.findall(r"\bdeploy/[\w./-]*\w", PAGE)
        missing = [link for link in links if not (sources.ROOT / "docs" / link).exists()]
        missing += [file for file in files if not (sources.ROOT / file).exists()]

        assert set(missing) <= {"deploy/.env"}  # which make-env writes

    def test_names_variables_and_commands_that_exist(self) -> None:
        images = set(containers.GIVEN.findall((containers.DEPLOY / "compose.yaml").read_text()))
        known = variables() | {name for name, *_ in images}
        named = set(re.findall(r"\b(?:SEGS_[A-Z_]+[A-Z]|[A-Z]+_IMAGE)\b", PAGE))
        commands = set(re.findall(r"manage\.py ([a-z_]+)", PAGE))

        assert named - known == set()
        assert commands - get_commands().keys() == set()

    def test_names_the_secrets_that_pods_need(self) -> None:
        made = set(re.findall(r"--from-literal=(\w+)=", PAGE))

        assert made == {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
        assert made & containers.kubernetes_settings().keys() == set()

    def test_says_which_port_of_the_web_is_asked(self) -> None:
        (record,) = re.findall(r"_http\._tcp\.([\w.-]+)\.segs\.svc", PAGE)
        services = [m for m in containers.manifests() if m["kind"] == "Service"]

        assert record in [service["metadata"]["name"] for service in services]
