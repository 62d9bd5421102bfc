"""Questions about meters, a file a noun; where meters hang and what they said last stands here."""

from meters.selectors.places import (
    Installed,
    Latest,
    Topology,
    edges,
    installed,
    latest,
    registry_version,
    topology,
    topology_version,
)

__all__ = [
    "Installed",
    "Latest",
    "Topology",
    "edges",
    "installed",
    "latest",
    "registry_version",
    "topology",
    "topology_version",
]
