"""Pages of meters."""

from django.urls import path

from meters.views import exchange, fleet, imports, meter, quarantine, validation

urlpatterns = [
    path("meters/", fleet.meters, name="meters"),
    path("meters/quarantine/", quarantine.quarantine, name="quarantine"),
    path("meters/validation/", validation.validation, name="validation"),
    path("meters/validation/<int:pk>/", validation.finding, name="finding"),
    path("meters/imports/", imports.imports, name="imports"),
    path("meters/imports/<int:pk>/", imports.one, name="import"),
    path("meters/<int:pk>/", meter.meter, name="meter"),
    path("meters/<int:pk>/exchange/", exchange.exchange, name="meter-exchange"),
    path("meters/<int:pk>/day/", meter.day, name="meter-day"),
    path("meters/<int:pk>/readings/", meter.readings, name="meter-readings"),
    path("meters/<int:pk>/alerts/", meter.alerts, name="meter-alerts"),
]
