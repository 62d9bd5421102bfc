"""Runs the import contracts over a copy of the house, once for each case.

Arguments: the copy. Stdin: JSON with `furniture`, files that are made where they are missing, and
`cases`, lists of [file, lines]. Stdout: for each case, the ids of the contracts it broke.

Its own process, because import-linter finds packages as Python does: here the copy comes first
and nothing of the house is imported. Writes, for each case, the ids of the contracts it broke.
"""

import json
import sys
from pathlib import Path

from importlinter import configuration
from importlinter.application import use_cases
from importlinter.application.user_options import UserOptions
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import registry

KINDS = (AcyclicSiblingsContract, ForbiddenContract, LayersContract, ProtectedContract)


def main() -> None:
    copy = Path(sys.argv[1])
    sys.path.insert(0, str(copy))
    configuration.configure()
    for kind in KINDS:
        registry.register(kind, kind.type_name)
    options = use_cases.read_user_options(str(copy / ".importlinter"))
    work = json.load(sys.stdin)
    for path in work["furniture"]:
        make_packages(missing_packages(copy / path, copy))
        where(copy / path).touch()
    json.dump([broken_by(case, copy, options) for case in work["cases"]], sys.stdout)


def broken_by(writes: list[list[str]], copy: Path, options: UserOptions) -> list[str]:
    touched = {where(copy / path): read(where(copy / path)) for path, _ in writes}
    made = list(dict.fromkeys(each for path in touched for each in missing_packages(path, copy)))
    make_packages(made)
    for path, line in writes:
        file = where(copy / path)
        file.write_text(f"{read(file) or ''}\n{line}\n")

    report = use_cases.create_report(options, cache_dir=None)
    names = {each["name"]: each["id"] for each in options.contracts_options}
    broken = [
        names[contract.name]
        for contract, check in report.get_contracts_and_checks()
        if not check.kept
    ]

    for path, before in touched.items():
        path.unlink() if before is None else path.write_text(before)
    for folder in reversed(made):
        (folder / "__init__.py").unlink(missing_ok=True)
        folder.rmdir()
    return broken


def where(path: Path) -> Path:
    """Return the file that holds the module: `services.py` may have become a package."""
    package = path.with_suffix("") / "__init__.py"
    return package if package.exists() else path


def read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def make_packages(folders: list[Path]) -> None:
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()


def missing_packages(path: Path, copy: Path) -> list[Path]:
    """Return the folders above `path` that are no packages yet, outermost first."""
    above = [folder for folder in path.parents if copy in folder.parents]
    return [folder for folder in reversed(above) if not (folder / "__init__.py").exists()]


if __name__ == "__main__":
    main()
