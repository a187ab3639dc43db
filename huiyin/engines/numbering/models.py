"""Where each series stands."""

from django.db import models

from huiyin.base.kit.models import ScopedModel


class Counter(ScopedModel):
    """The last number given in a series of a site and period (e.g. a day, `20261121`)."""

    series = models.CharField(max_length=30)
    period = models.CharField(max_length=10, blank=True)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "series", "period"], name="numbering_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.period}: {self.value}"
