"""Refusals of services as answers of the API: 409, with a stable code and words for each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.exceptions import APIException

from segs_site.lib import schema


class Conflict(APIException):
    """The request is well formed, but does not go with what stands."""

    status_code = status.HTTP_409_CONFLICT


@dataclass(frozen=True, slots=True)
class Refusals:
    """What services of one subject refuse: code and words by the exception."""

    words: Mapping[type[Exception], tuple[str, str]]

    def described(self, *kinds: type[Exception]) -> OpenApiResponse:
        """Return what the API's description says of these refusals; of all, when none is named."""
        codes = [self.words[kind][0] for kind in kinds or self.words]
        return schema.refusal("It does not go with what stands.", *codes)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn a refusal into Conflict, in its own words where it has any."""
        try:
            yield
        except tuple(self.words) as refusal:
            code, words = self.words[type(refusal)]
            raise Conflict(str(refusal) or words, code) from refusal
