"""What the house is made of: its packages, apps and files, found by looking."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BESIDE_THE_PRODUCT = {"tests", "benchmarks"}
NO_APPS = {"segs_site", "workers"}


def packages() -> list[str]:
    """Return the top-level packages of the product."""
    found = {init.parent.name for init in ROOT.glob("*/__init__.py")}
    return sorted(found - BESIDE_THE_PRODUCT)


def apps() -> list[str]:
    """Return the packages that are apps of the house."""
    return sorted(set(packages()) - NO_APPS)


def tracked() -> list[Path]:
    """Return the files of the project: what git tracks or would track, in order."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = answer.stdout.decode().split("\0")
    return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())


def modules(*, of: list[str] | None = None) -> list[Path]:
    """Return the Python files of the given packages (all of the product's), no migrations."""
    return [
        path
        for package in of or packages()
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
