"""Codes shared by every app, with the words people read for them."""

from django.db import models

from segs_site.lib import quantities


class Quality(models.IntegerChoices):
    """Where a value comes from; calculations use `quantities.Quality`, whose codes these are."""

    MISSING = quantities.Quality.MISSING, "missing"
    SUSPECT = quantities.Quality.SUSPECT, "suspect"
    ESTIMATED = quantities.Quality.ESTIMATED, "estimated"
    CALCULATED = quantities.Quality.CALCULATED, "calculated"
    EDITED = quantities.Quality.EDITED, "edited"
    ACTUAL = quantities.Quality.ACTUAL, "actual"
