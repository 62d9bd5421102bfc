"""Downloads of what meters measured: CSV, and Green Button that other programs read.

One's own meters; those who watch the grid may name any.
"""

from collections.abc import Sequence

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts import selectors as accounts
from accounts.selectors import Supply
from meters.api import queries
from meters.api.own import NO_METER, NOT_THERE, OwnView
from meters.api.pages import csv_of_history
from meters.formats import espi_clock, espi_out
from meters.models import Meter
from meters.selectors import exports
from meters.selectors.energy import Span
from meters.selectors.exports import Part
from meters.selectors.histories import Resolution
from segs_site.lib import csvs
from segs_site.lib.access import Action, may
from segs_site.lib.asking import asked, user_id
from segs_site.lib.manners import local_zone
from segs_site.lib.periods import Period


class ExportView(OwnView):
    """What was measured, as a download."""

    def parts_of(self, request: Request, serial: str | None, period: Period) -> list[Part]:
        """Return the meters asked for with their points; raises Http404 for what is another's."""
        supplies = accounts.supplies(user_id=user_id(request))
        own = any(meter.serial == serial for supply in supplies for meter in supply.meters)
        if serial is not None and not own:
            return exports.parts_of(self._any(request, serial), period)
        return exports.parts_of_spans(_spans(supplies, serial, period), _points(supplies))

    def _any(self, request: Request, serial: str) -> Meter:
        found = Meter.objects.filter(serial=serial).first()
        if found is None or not may(request.user, Action.WATCH_GRID):
            raise Http404(NO_METER)
        return found


def _spans(supplies: Sequence[Supply], serial: str | None, period: Period) -> list[Span]:
    return [
        Span(supply.point_id, meter.meter_id, part)
        for supply in supplies
        for meter in supply.meters
        if serial in (None, meter.serial) and (part := meter.stay.within(period)) is not None
    ]


def _points(supplies: Sequence[Supply]) -> dict[int, str]:
    return {supply.point_id: supply.point for supply in supplies}


class ExportCsvView(ExportView):
    """One meter as CSV."""

    @extend_schema(
        operation_id="telemetry_export_csv",
        parameters=[queries.OwnExportQuerySerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR, 404: NOT_THERE},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Stream readings or windows, oldest first; the first line names the columns.

        Windows say whose they are, so that the import profile `segs` reads them back.
        """
        query = asked(queries.OwnExportQuerySerializer, request, now=timezone.now())
        parts = self.parts_of(request, query["meter"], query["period"])
        return csv_of_history(request, parts, query, name=query["meter"])


class ExportXmlView(ExportView):
    """One meter, or all that are one's own, as Green Button."""

    @extend_schema(
        operation_id="telemetry_export_xml",
        parameters=[queries.OwnXmlQuerySerializer],
        responses={(200, "application/xml"): OpenApiTypes.STR, 404: NOT_THERE},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Stream what was counted as a Green Button feed (ESPI), a local day a block."""
        now = timezone.now()
        query = asked(queries.OwnXmlQuerySerializer, request, now=now)
        name, resolution = query.get("meter"), Resolution(query["resolution"])
        parts = self.parts_of(request, name, query["period"])
        zone = local_zone()
        about = espi_out.About(
            title=name or "SEGS",
            made_at=now,
            clocks=espi_clock.clocks(zone, query["period"].start.year),
            length_s=round(exports.LENGTHS[resolution].total_seconds()),
        )
        text = espi_out.feed(
            about=about,
            channels=exports.channels(parts),
            stretches=exports.stretches(parts, resolution=resolution, zone=zone),
        )
        file = f"{csvs.file_name(name or 'meters')}-{resolution.value}.xml"
        return csvs.stream(request._request, text, name=file, content_type="application/xml")
