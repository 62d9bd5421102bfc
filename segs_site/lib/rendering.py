"""JSON for the API's answers, without a Python call for each moment and decimal."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

_other = JSONEncoder()


def encode(document: Any) -> bytes:
    """Return a document as JSON: moments in ISO 8601, decimals as strings, lazy texts as texts.

    What JSON has no number for (NaN, Infinity) is not known: null.
    """
    return _encoder.encode(document)


def _plain(value: Any) -> Any:
    # A text of a class of its own, such as the framework's refusals, is refused by msgspec.
    return str.__str__(value) if isinstance(value, str) else _other.default(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain)


class Json(JSONRenderer):
    """The framework's, where a client asks for an indented document, else `encode`."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """See `JSONRenderer`."""
        context = renderer_context or {}
        if data is None or self.get_indent(accepted_media_type or "", dict(context)):
            return super().render(data, accepted_media_type, renderer_context)
        return encode(data)
