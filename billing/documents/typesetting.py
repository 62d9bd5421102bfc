"""Sets a document: everything said goes in as data, nothing of it is ever read as markup.

What comes out is tagged for screen readers (PDF/UA-1) and kept for long (PDF/A-2a): every glyph
is embedded. The same content set at the same moment is the same bytes.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from billing.documents import fonts

FOLDER: Final = Path(__file__).parent


class CannotBeSet(Exception):
    """The document cannot be set: some sign has no glyph, or the template is broken."""


def pdf(content: Mapping[str, Any], *, now: datetime) -> bytes:
    """Return an invoice as PDF. Raises fonts.MissingFont or CannotBeSet."""
    said = {"content": json.dumps(content), "fonts": json.dumps(list(fonts.FAMILIES))}
    try:
        return typst.compile(
            str(FOLDER / "invoice.typ"),
            root=str(FOLDER),
            font_paths=fonts.known(),
            ignore_system_fonts=True,
            sys_inputs=said,
            pdf_standards=["ua-1", "a-2a"],
            timestamp=int(now.timestamp()),
        )
    except typst.TypstError as fault:
        raise CannotBeSet(str(fault)) from fault
