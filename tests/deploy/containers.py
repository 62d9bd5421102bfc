"""What deploy/ says that runs: each container's command, environment and probes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from django.conf import settings

DEPLOY = Path(settings.BASE_DIR) / "deploy"
OURS = "segs:"  # how the name of our image begins
GIVEN = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
URL = re.compile(r"http://[^']+")


@dataclass(frozen=True)
class Container:
    """One container of ours."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    probes: tuple[tuple[int, str], ...]  # port and path


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def filled(text: str, given: Mapping[str, str]) -> str:
    """Return a text of compose.yaml with its variables filled in."""
    return GIVEN.sub(lambda found: given.get(found[1]) or found[3] or "", text)


def in_compose(given: Mapping[str, str] | None = None) -> dict[str, Container]:
    """Return our containers by name; `given` is the content of `.env`."""
    ours = {
        name: service
        for name, service in compose()["services"].items()
        if service["image"].startswith(OURS)
    }
    return {
        name: Container(
            name,
            tuple(service["command"]),
            {k: filled(v, given or {}) for k, v in service["environment"].items()},
            tuple(_asked(service["healthcheck"])),
        )
        for name, service in ours.items()
    }


def _asked(check: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for url in map(urlsplit, URL.findall(" ".join(check.get("test", ())))):
        yield url.port or 80, url.path


def manifests() -> list[dict[str, Any]]:
    """Return every object of deploy/kubernetes but the kustomization."""
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [
        document
        for file in files
        if file.stem != "kustomization"
        for document in yaml.safe_load_all(file.read_text())
    ]


def kustomization() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())


def kubernetes_settings() -> dict[str, str]:
    lines = (DEPLOY / "kubernetes/settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def pods() -> dict[str, dict[str, Any]]:
    """Return the pod of each Deployment and Job by name."""
    kinds = ("Deployment", "Job")
    found = [each for each in manifests() if each["kind"] in kinds]
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in found}


def in_kubernetes() -> dict[str, Container]:
    """Return the main container of each pod by name."""
    found = {}
    for name, pod in pods().items():
        (container,) = pod["containers"]
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
        probes = [container[kind]["httpGet"] for kind in _PROBES if kind in container]
        env = {each["name"]: each["value"] for each in container.get("env", ())}
        found[name] = Container(
            name,
            tuple(container["command"]),
            kubernetes_settings() | env,
            tuple((ports[probe["port"]], probe["path"]) for probe in probes),
        )
    return found


_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
