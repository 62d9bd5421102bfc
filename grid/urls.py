"""Pages of the grid."""

from django.urls import path
from django.views.i18n import JavaScriptCatalog

from grid import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("words.js", JavaScriptCatalog.as_view(packages=["grid"]), name="words"),
]
