"""Pages of prices."""

from django.urls import path

from tariffs import views

urlpatterns = [
    path("tariffs/", views.prices, name="tariffs"),
    path("tariffs/overrides/<int:pk>/approve/", views.approve, name="override-approve"),
    path("tariffs/overrides/<int:pk>/end/", views.end, name="override-end"),
]
