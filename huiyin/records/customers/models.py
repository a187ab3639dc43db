"""Customers: people and companies, how to reach them, who they are on paper, what they hold."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now


class Customer(ScopedModel):
    """A person or a company as one site knows them: one file.

    `care` lists special-care flags `{"code", "since", "until", "remark"}` and `consents` what was
    agreed to, `{"purpose", "given_on", "withdrawn_on", "remark"}`; days are local, ISO. A duplicate
    stays as a row and points to the file it was merged into. `checked_on` is the day on which
    somebody last went through the data with the customer.
    """

    class Kind(models.TextChoices):
        PERSON = "person", pgettext_lazy("customer", "Person")
        COMPANY = "company", pgettext_lazy("customer", "Company")

    class Gender(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")

    code = models.CharField(max_length=30, verbose_name=_("File number"))
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON, verbose_name=_("Kind"))
    name = models.CharField(max_length=80, verbose_name=pgettext_lazy("customer", "Name"))
    name_key = models.CharField(max_length=80, editable=False)
    gender = models.CharField(
        max_length=6, choices=Gender.choices, blank=True, default="", verbose_name=_("Gender")
    )
    birthday = models.DateField(null=True, blank=True, verbose_name=_("Birthday"))
    tier = models.CharField(max_length=20, blank=True, default="", verbose_name=_("Tier"))
    language = models.CharField(
        max_length=12, blank=True, default="", verbose_name=pgettext_lazy("customer", "Language")
    )
    tags = models.JSONField(default=list, blank=True, verbose_name=_("Tags"))
    care = models.JSONField(default=list, blank=True, verbose_name=_("Special care"))
    has_care = models.BooleanField(default=False, editable=False)
    consents = models.JSONField(default=list, blank=True, verbose_name=_("Consents"))
    profile = models.JSONField(default=dict, blank=True, verbose_name=_("Profile"))
    note = models.TextField(blank=True, default="", max_length=4000, verbose_name=_("Note"))
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        db_index=False,
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)
    checked_on = models.DateField(null=True, blank=True, verbose_name=_("Checked with the customer on"))

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "code"],
                name="customers_customer_code",
                violation_error_message=_("A file with this number exists already."),
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("pk")), name="customers_customer_not_itself"),
        ]
        indexes = [
            models.Index(fields=["site", "name_key"], name="customers_customer_name"),
            models.Index(
                fields=["site", "id"], condition=Q(merged_into=None), name="customers_customer_newest"
            ),
            # Nearly all are empty, which would let SQLite read the whole table instead.
            models.Index(
                fields=["merged_into"],
                name="customers_customer_merged",
                condition=Q(merged_into__isnull=False),
            ),
            models.Index(fields=["site", "id"], name="customers_customer_care", condition=Q(has_care=True)),
            models.Index(
                fields=["site", "updated_at"], name="customers_customer_age", condition=Q(merged_into=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("customers:customer", args=[self.pk])


class Owned(ScopedModel):
    """A row that belongs to one customer and to the same site as the customer."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss")

    class Meta:
        abstract = True


class ContactPoint(Owned):
    """One way to reach a customer in a period (local days, both included; open where empty).

    Numbers are given to other people after a while: the same number may belong to different
    customers at different times. `normalised` is what is compared, `tail4` its last four digits.
    """

    class Kind(models.TextChoices):
        MOBILE = "mobile", _("Mobile")
        PHONE = "phone", _("Telephone")
        WECHAT = "wechat", _("WeChat")
        EMAIL = "email", _("E-mail")
        ADDRESS = "address", _("Postal address")

    kind = models.CharField(max_length=8, choices=Kind.choices, verbose_name=_("Kind"))
    value = models.CharField(max_length=200, verbose_name=_("Number or address"))
    normalised = models.CharField(max_length=200, editable=False)
    tail4 = models.CharField(max_length=4, blank=True, default="", editable=False)
    label = models.CharField(max_length=40, blank=True, default="", verbose_name=_("Label"))
    is_primary = models.BooleanField(default=False, verbose_name=_("First choice"))
    valid_from = models.DateField(null=True, blank=True, verbose_name=_("From"))
    valid_to = models.DateField(null=True, blank=True, verbose_name=_("Until"))
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-is_primary", "kind", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="customers_contact_period",
                violation_error_message=_("The end lies before the start."),
            )
        ]
        indexes = [
            models.Index(fields=["normalised", "site"], name="customers_contact_value"),
            models.Index(fields=["tail4", "site"], name="customers_contact_tail"),
        ]

    def __str__(self) -> str:
        return self.value


class IdentityNumber(Owned):
    """A number on a customer's papers, kept encrypted.

    `sealed` is the ciphertext under the key named by `key_id`; `blind` finds the same number again
    without opening it; `masked` is all that screens, exports and the trail ever show. `verified`
    says that the number agrees with its own check digit.
    """

    class Kind(models.TextChoices):
        RESIDENT_ID = "resident_id", _("Resident identity card")
        PASSPORT = "passport", _("Passport")
        USCC = "uscc", _("Unified social credit code")
        OTHER = "other", _("Other paper")

    kind = models.CharField(max_length=12, choices=Kind.choices, verbose_name=_("Kind"))
    sealed = models.TextField(editable=False)
    key_id = models.CharField(max_length=16, editable=False)
    blind = models.CharField(max_length=64, editable=False)
    masked = models.CharField(max_length=60, editable=False)
    verified = models.BooleanField(default=False, editable=False)
    remark = models.CharField(max_length=200, blank=True, default="", verbose_name=_("Remark"))
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["kind", "pk"]
        indexes = [models.Index(fields=["blind", "site"], name="customers_identity_blind")]

    def __str__(self) -> str:
        return self.masked


class Holding(Owned):
    """A customer stands in a role to a place or a thing, from one local day to another, both included.

    Two times are kept: `starts_on` and `ends_on` say when it was so; `known_at`, `end_known_at` and
    `voided_at` (moments, UTC) say since when we knew of it, of its end, and until when we took it
    for true. A correction voids the row and writes another. `share` is the owner's part in percent.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        CO_OWNER = "co_owner", _("Co-owner")
        TENANT = "tenant", _("Tenant")
        FAMILY = "family", _("Family member")
        REPRESENTATIVE = "representative", _("Authorised representative")
        AGENT = "agent", _("Agent")
        EMERGENCY_CONTACT = "emergency_contact", _("Emergency contact")
        DRIVER = "driver", _("Driver")
        TEMPORARY = "temporary", _("Temporary resident")

    place = models.ForeignKey(
        "places.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holdings",
        verbose_name=_("Place"),
    )
    asset = models.ForeignKey(
        "places.Asset",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holdings",
        verbose_name=_("Thing"),
    )
    role = models.CharField(max_length=20, choices=Role.choices, verbose_name=_("Role"))
    share = models.DecimalField(
        max_digits=7, decimal_places=4, null=True, blank=True, verbose_name=_("Share (%)")
    )
    starts_on = models.DateField(verbose_name=_("From"))
    ends_on = models.DateField(null=True, blank=True, verbose_name=_("Until"))
    remark = models.CharField(max_length=200, blank=True, default="", verbose_name=_("Remark"))
    known_at = models.DateTimeField(default=now, editable=False)
    end_known_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="customers_holding_period",
                violation_error_message=_("The end lies before the start."),
            ),
            models.CheckConstraint(
                condition=Q(place=None, asset__isnull=False) | Q(asset=None, place__isnull=False),
                name="customers_holding_of_one",
                violation_error_message=_("A holding is of one place or of one thing."),
            ),
            models.CheckConstraint(
                condition=Q(share=None)
                | (Q(share__gt=0) & Q(share__lte=100) & Q(role__in=["owner", "co_owner"])),
                name="customers_holding_share",
                violation_error_message=_("A share is more than 0 and at most 100 percent, of an owner."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.starts_on}"


class Merge(ScopedModel):
    """One file was merged into another; `moved` lists the ids that went with it, by table.

    Enough to undo it exactly: nothing is deleted by merging.
    """

    keep = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    gone = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True, default="", verbose_name=_("Reason"))
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="customers_merge_once"
            ),
            models.CheckConstraint(condition=~Q(keep=F("gone")), name="customers_merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} → {self.keep_id}"
