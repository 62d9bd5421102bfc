"""What compose.yaml and kubernetes/ name exists; no container has more rights than it needs."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from billing.documents import fonts
from tests.deploy import containers
from tests.house import sources
from tests.test_settings import IN_A_TABLE, READ_IN_SETTINGS
from workers.celery import QUEUES

DEPLOY = containers.DEPLOY
SECRETS = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
NO_PORT = {"beat"}
COMPOSE = containers.in_compose()
KUBERNETES = containers.in_kubernetes()
SERVICES = containers.compose()["services"]
EACH_SERVICE = pytest.mark.parametrize("name", SERVICES)
EACH_POD = pytest.mark.parametrize("name", containers.pods())


def variables() -> set[str]:
    root = Path(settings.BASE_DIR)
    read = READ_IN_SETTINGS.findall((root / "segs_site/settings.py").read_text())
    return {*read, *IN_A_TABLE.findall((root / "docs/settings.md").read_text())}


def option(command: tuple[str, ...], *names: str) -> str | None:
    """Return what follows an option in a command line."""
    return next((command[at + 1] for at, word in enumerate(command) if word in names), None)


def port_of(container: containers.Container) -> int:
    chosen = option(container.command, "-p", "--port")
    return int(chosen or container.environment["SEGS_WATCH_PORT"])


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [each for each in containers.manifests() if each["kind"] == kind]


class TestBothWays:
    def test_run_the_same_processes_by_the_same_commands(self) -> None:
        one = {name: each.command for name, each in COMPOSE.items()}
        other = {name: each.command for name, each in KUBERNETES.items()}

        assert one == other

    @pytest.mark.parametrize("way", [COMPOSE, KUBERNETES], ids=["compose", "kubernetes"])
    def test_name_variables_that_are_read(self, way: dict[str, containers.Container]) -> None:
        named = set().union(*(each.environment for each in way.values()))

        assert named - variables() == set()

    @pytest.mark.parametrize("way", [COMPOSE, KUBERNETES], ids=["compose", "kubernetes"])
    def test_ask_each_process_at_the_port_it_opens(
        self, way: dict[str, containers.Container]
    ) -> None:
        asked = {name: {port for port, _ in each.probes} for name, each in way.items()}
        silent = {name for name, ports in asked.items() if not ports}

        assert silent == NO_PORT | {"migrate"}
        assert {n: {port_of(way[n])} for n in asked.keys() - silent} == {
            n: asked[n] for n in asked.keys() - silent
        }

    def test_have_a_worker_for_every_queue(self) -> None:
        queues = [option(each.command, "-Q") for each in COMPOSE.values() if "-Q" in each.command]

        assert Counter(",".join(filter(None, queues)).split(",")) == Counter(QUEUES)


class TestImage:
    def test_holds_every_package(self) -> None:
        copied = re.findall(r"^COPY (\w+) (\w+)$", self._text(), flags=re.M)

        assert copied == [(name, name) for name, _ in copied]
        assert {name for name, _ in copied} == {*sources.packages(), "templates", "static"}

    def test_has_the_fonts_that_bills_are_set_in(self) -> None:
        (installed,) = re.findall(r"apt-get install (.+?) \\$", self._text(), flags=re.M)

        assert set(fonts.PACKAGES.split(" and ")) <= set(installed.split())

    def test_is_given_what_it_copies(self) -> None:
        let_in = re.findall(r"^!(\S+)$", (DEPLOY / "Containerfile.dockerignore").read_text(), re.M)
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", self._text(), flags=re.M)

        assert set(let_in) == {word for line in copied for word in line.split()}

    def test_runs_as_the_person_that_compose_and_kubernetes_name(self) -> None:
        (person,) = re.findall(r"^USER (\S+)$", self._text(), flags=re.M)

        assert {SERVICES[name]["user"] for name in COMPOSE} == {person}
        assert {pod["securityContext"]["runAsUser"] for pod in containers.pods().values()} == {
            int(person.partition(":")[0])
        }

    def test_starts_as_the_web_does(self) -> None:
        (command,) = re.findall(r"^CMD (\[.+\])$", self._text(), flags=re.M)

        assert tuple(yaml.safe_load(command)) == COMPOSE["web"].command

    @staticmethod
    def _text() -> str:
        return (DEPLOY / "Containerfile").read_text()


class TestCompose:
    @EACH_SERVICE
    def test_gives_no_rights_beyond_need(self, name: str) -> None:
        service = SERVICES[name]

        assert service["user"].partition(":")[0] not in ("0", "root", "")
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}

    @EACH_SERVICE
    def test_looks_after_whoever_runs(self, name: str) -> None:
        check = SERVICES[name]["healthcheck"]

        assert ("test" in check) != (check.get("disable") is True)
        assert (name in NO_PORT | {"migrate"}) == (check.get("disable") is True)
        assert SERVICES[name]["restart"] in ("unless-stopped", "on-failure:5")

    @EACH_SERVICE
    def test_names_services_volumes_and_networks_that_exist(self, name: str) -> None:
        service, whole = SERVICES[name], containers.compose()
        mounts = [volume.split(":") for volume in service.get("volumes", ())]
        files = [source for source, *_ in mounts if source.startswith(".")]
        kept = {source for source, *_ in mounts} - set(files)

        assert set(service.get("depends_on", ())) - SERVICES.keys() == set()
        assert set(service["networks"]) - whole["networks"].keys() == set()
        assert kept - whole["volumes"].keys() == set()
        assert [file for file in files if not (DEPLOY / file).exists()] == []

    @pytest.mark.parametrize("name", COMPOSE.keys() - {"migrate"})
    def test_makes_tables_before_all_else(self, name: str) -> None:
        needs = SERVICES[name]["depends_on"]

        assert needs["migrate"] == {"condition": "service_completed_successfully"}
        assert needs["broker"] == {"condition": "service_healthy"}

    def test_publishes_the_proxy_alone(self) -> None:
        outside = {
            name
            for name, service in SERVICES.items()
            if any(not port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        }

        assert outside == {"proxy"}

    def test_runs_a_broker_that_keeps_what_is_acknowledged(self) -> None:
        command = tuple(SERVICES["broker"]["command"])

        assert option(command, "--appendonly") == "yes"
        assert option(command, "--appendfsync") == "always"
        assert option(command, "--maxmemory-policy") == "noeviction"
        limit = int(COMPOSE["ingest"].environment["SEGS_BROKER_MEMORY_LIMIT_MB"])
        assert option(command, "--maxmemory") == "2gb"
        assert limit < 2000  # else the broker refuses before ingest does

    def test_needs_nothing_that_make_env_does_not_write(self) -> None:
        text = (DEPLOY / "compose.yaml").read_text()
        needed = {name for name, kind, _ in containers.GIVEN.findall(text) if kind != "-"}

        assert needed <= set(made_env())

    def test_leads_the_proxy_to_ports_that_are_open(self) -> None:
        led = re.findall(r"reverse_proxy (\w+):(\d+)", (DEPLOY / "Caddyfile").read_text())

        assert {name: int(port) for name, port in led} == {
            name: port_of(COMPOSE[name]) for name in ("web", "ingest")
        }

    def test_lets_prometheus_ask_every_process(self) -> None:
        jobs = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
        asked = {}
        for job in jobs:
            for dns in job.get("dns_sd_configs", ()):
                asked |= dict.fromkeys(dns["names"], dns["port"])
            for static in job.get("static_configs", ()):
                asked |= {k: int(v) for k, v in (each.split(":") for each in static["targets"])}

        assert [job["job_name"] for job in jobs] == [f"segs-{name}" for name in asked]
        assert asked == {name: port_of(each) for name, each in COMPOSE.items() if each.probes}


def made_env() -> dict[str, str]:
    """Return the variables that deploy/make-env writes, with samples of their values."""
    text = (DEPLOY / "make-env").read_text().partition("<<END\n")[2].partition("\nEND\n")[0]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {
        name: re.sub(r"\$\(secret \d+\)", "c0ffee" * 12, value)
        for name, value in (line.split("=", 1) for line in lines)
    }


class TestMakeEnv:
    def test_writes_secrets_once(self, tmp_path: Path) -> None:
        script = tmp_path / "make-env"
        script.write_text((DEPLOY / "make-env").read_text())

        first = subprocess.run(["sh", script], capture_output=True, text=True, check=False)
        written = (tmp_path / ".env").read_text()
        second = subprocess.run(["sh", script], capture_output=True, text=True, check=False)

        assert (first.returncode, second.returncode) == (0, 1)
        assert (tmp_path / ".env").read_text() == written
        assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
        secret = re.search(r"^SECRET_KEY=([0-9a-f]{80})$", written, flags=re.M)
        assert secret is not None


class TestKubernetes:
    @pytest.mark.parametrize(
        "document",
        containers.manifests(),
        ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
    )
    def test_fits_the_schema(self, document: dict[str, Any]) -> None:
        kubernetes_validate.validate(document, "1.33", strict=True)

    def test_lists_every_file(self) -> None:
        files = {file.name for file in (DEPLOY / "kubernetes").glob("*.yaml")}

        assert set(containers.kustomization()["resources"]) == files - {"kustomization.yaml"}

    @EACH_POD
    def test_gives_no_rights_beyond_need(self, name: str) -> None:
        pod = containers.pods()[name]

        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in container["resources"]["limits"]

    @EACH_POD
    def test_takes_secrets_by_reference_alone(self, name: str) -> None:
        pod = containers.pods()[name]
        made = [each["name"] for each in containers.kustomization()["configMapGenerator"]]

        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            maps, secrets = container["envFrom"]
            assert maps["configMapRef"]["name"] in made
            assert secrets == {"secretRef": {"name": "segs-secrets"}}
        assert containers.kubernetes_settings().keys() & SECRETS == set()

    @pytest.mark.parametrize("name", containers.pods().keys() - {"migrate"})
    def test_waits_for_the_tables(self, name: str) -> None:
        (waits,) = containers.pods()[name]["initContainers"]

        assert waits["command"] == ["python", "manage.py", "migrate", "--check"]

    def test_scales_what_exists_and_workers_up_to_the_shards(self) -> None:
        most = {
            each["spec"]["scaleTargetRef"]["name"]: each["spec"]["maxReplicas"]
            for each in of_kind("HorizontalPodAutoscaler")
        }

        assert {"ingest", "worker"} <= most.keys() <= KUBERNETES.keys()
        assert most["worker"] == int(containers.kubernetes_settings()["SEGS_SHARDS"])

    def test_keeps_one_of_those_that_have_two(self) -> None:
        kept = {
            each["spec"]["selector"]["matchLabels"]["app"]
            for each in of_kind("PodDisruptionBudget")
        }
        several = {
            each["metadata"]["name"]
            for each in of_kind("Deployment")
            if each["spec"]["replicas"] > 1
        }

        assert kept == several

    def test_leads_services_to_pods_and_ports(self) -> None:
        for service in of_kind("Service"):
            pod = containers.pods()[service["spec"]["selector"]["app"]]
            ports = {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]}
            (port,) = service["spec"]["ports"]
            assert ports[port["targetPort"]] == port["port"]

    def test_asks_the_web_by_a_name_it_knows(self) -> None:
        allowed = containers.kubernetes_settings()["ALLOWED_HOSTS"].split(",")
        (web,) = containers.pods()["web"]["containers"]

        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            (header,) = web[kind]["httpGet"]["httpHeaders"]
            assert header["name"] == "Host"
            assert header["value"] in allowed
