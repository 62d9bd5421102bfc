"""A form by which one meter takes another's place."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meters.forms import ExchangeForm
from meters.models import Meter, MeterInstallation
from meters.services import exchange as service
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import shown

WORDS = {
    service.NotYet: gettext_lazy("The moment is to come: nobody has read a register then."),
    service.NotHanging: gettext_lazy("The meter hung nowhere at that moment."),
    service.AlreadyExchanged: gettext_lazy(
        "Another exchange of this meter is entered for that moment or a later one."
    ),
    service.HangsElsewhere: gettext_lazy(
        "The new meter hangs at another service point then, or will."
    ),
    service.OddRead: gettext_lazy("A read does not go with its register."),
}


@page_needs(Action.OPERATE_GRID)
@require_http_methods(["GET", "POST"])
def exchange(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for an exchange and enter it; go on to the new meter."""
    old, now = get_object_or_404(Meter, pk=pk), timezone.now()
    form = ExchangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, _is_new = service.exchange_meter(
                meter_id=pk, order=form.order(), by=request.user.get_username(), now=now
            )
        except tuple(WORDS) as refusal:
            form.add_error(None, str(refusal) or WORDS[type(refusal)])
        else:
            words = _("%(new)s hangs in the place of %(old)s.")
            messages.success(request, words % {"new": made.hung.serial, "old": old.serial})
            return redirect("meter", made.hung_id)
    place = MeterInstallation.objects.filter(meter=old).order_by("-during").first()
    context = {"meter": old, "form": form, "place": place}
    return shown(request, "meters/exchange.html", context)
