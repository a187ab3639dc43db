"""Cases, the contacts about them, their categories, and incidents with many cases."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.models import ScopedModel, SharedModel
from huiyin.base.kit.moment import now


class Kind(models.TextChoices):
    """What the customer wants."""

    CONSULTATION = "consultation", _("Consultation")
    REPAIR = "repair", _("Repair")
    COMPLAINT = "complaint", _("Complaint")
    SUGGESTION = "suggestion", _("Suggestion")
    HELP = "help", _("Help request")
    SERVICE = "service", _("Service request")
    PRAISE = "praise", _("Praise")
    EMERGENCY = "emergency", _("Emergency")
    APPLICATION = "application", _("Application")


class Channel(models.TextChoices):
    """The way a contact came or went."""

    PHONE = "phone", _("Phone call")
    COUNTER = "counter", _("Visit to the counter")
    LETTER = "letter", _("Letter")
    WEB = "web", _("Web")
    APP = "app", _("App")
    WECHAT = "wechat", _("WeChat")
    MESSAGE = "message", _("Text message")
    EMAIL = "email", _("E-mail")
    WALK = "site_walk", _("Site walk")
    ALARM = "alarm", _("System alarm")
    HOTLINE = "hotline", _("Government hotline")
    MEETING = "meeting", _("Owners' meeting")


class Severity(models.TextChoices):
    """How heavy a case weighs; selects limits and the level that answers for it."""

    NORMAL = "normal", pgettext_lazy("severity", "Normal")
    SERIOUS = "serious", pgettext_lazy("severity", "Serious")
    MAJOR = "major", pgettext_lazy("severity", "Major")


class State(models.TextChoices):
    """Where a case stands."""

    REGISTERED = "registered", _("Registered")
    ASSIGNED = "assigned", _("Assigned")
    WORKING = "working", _("In progress")
    WAITING = "waiting", _("Waiting")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")
    DECLINED = "declined", _("Declined")
    MERGED = "merged", _("Merged")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (State.REGISTERED, State.ASSIGNED, State.WORKING, State.WAITING, State.ANSWERED)


class Category(SharedModel):
    """One branch of the tree cases are sorted by; of the whole organisation or of one site.

    `path` is the chain of codes from the root (`repair/repair.plumbing/`), so that a subtree is a
    prefix. `keywords` are words that suggest the category while somebody types. `paid` says
    whether the customer pays. `origin` names the pack or the import it came from.
    """

    class Paid(models.TextChoices):
        FREE = "free", _("Free of charge")
        PAID = "paid", _("Chargeable")
        QUOTE = "quote", _("By quotation")

    code = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=14, choices=Kind.choices, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    path = models.CharField(max_length=400)
    keywords = models.JSONField(default=list, blank=True)
    paid = models.CharField(max_length=8, choices=Paid.choices, blank=True)
    price_note = models.CharField(max_length=200, blank=True)
    phrase = models.CharField(max_length=80, blank=True)
    origin = models.CharField(max_length=60, blank=True)
    source = models.JSONField(default=list, blank=True)
    clause = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(site=None), name="cases_category_shared_code"
            ),
            models.UniqueConstraint(
                fields=["site", "code"], condition=Q(site__isnull=False), name="cases_category_site_code"
            ),
        ]
        indexes = [models.Index(fields=["path"], name="cases_category_path")]

    def __str__(self) -> str:
        return self.name


class Incident(ScopedModel):
    """One cause behind many cases (a whole building without water): its answer answers them all."""

    code = models.CharField(max_length=40)
    title = models.CharField(max_length=120, verbose_name=pgettext_lazy("incident", "What happened"))
    place = models.ForeignKey(
        "places.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Place"),
    )
    script = models.TextField(blank=True, verbose_name=_("What to tell callers"))
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    expected_at = models.DateTimeField(null=True, blank=True, verbose_name=_("Expected to be settled"))
    answer = models.TextField(blank=True, verbose_name=_("Answer"))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="cases_incident_code")]
        indexes = [
            models.Index(
                fields=["site", "-opened_at"], condition=Q(ended_at=None), name="cases_incident_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("cases:incident", args=[self.code])


class Case(ScopedModel):
    """Something a customer or the staff wants settled.

    Open until `ended_at`; answered once `answered_at` stands, with the words in `answer`. All
    moments are UTC. Exactly one `responsible` person, or a `team` whose lead answers for it.
    `first_responsible` is whoever took it in (首问负责) and never changes. `version` grows with
    every change, for those who edit at the same time.
    """

    code = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=14, choices=Kind.choices, verbose_name=_("Kind"))
    channel = models.CharField(max_length=10, choices=Channel.choices, verbose_name=_("Channel"))
    title = models.CharField(max_length=120, verbose_name=_("Subject"))
    description = models.TextField(blank=True, verbose_name=_("Description"))
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Category"),
    )
    severity = models.CharField(
        max_length=8, choices=Severity.choices, default=Severity.NORMAL, verbose_name=_("Severity")
    )
    place = models.ForeignKey(
        "places.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Place"),
        db_index=False,
    )
    location = models.CharField(max_length=120, blank=True, verbose_name=_("Exact spot"))
    customer = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Customer"),
        db_index=False,
    )
    contact_name = models.CharField(max_length=60, blank=True, verbose_name=_("Contact"))
    contact_phone = models.CharField(max_length=40, blank=True, verbose_name=_("Contact phone"))

    state = models.CharField(max_length=10, choices=State.choices, default=State.REGISTERED)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Responsible"),
        db_index=False,
    )
    team = models.ForeignKey(
        "org.OrgUnit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Team"),
        db_index=False,
    )
    first_responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("First responsible"),
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="cases", db_index=False
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    received_at = models.DateTimeField(verbose_name=_("Received"))
    registered_at = models.DateTimeField(verbose_name=_("Registered"))
    waiting_until = models.DateTimeField(null=True, blank=True, verbose_name=_("Waiting until"))
    waiting_reason = models.CharField(max_length=200, blank=True, verbose_name=_("Waiting for"))
    answer = models.TextField(blank=True, verbose_name=_("Answer"))
    answered_at = models.DateTimeField(null=True, blank=True, verbose_name=_("Answered"))
    ended_at = models.DateTimeField(null=True, blank=True, verbose_name=_("Ended"))
    reopened = models.PositiveSmallIntegerField(default=0, verbose_name=_("Times reopened"))
    external_key = models.CharField(max_length=80, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "external_key"],
                condition=~Q(external_key=""),
                name="cases_case_external_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(responsible__isnull=False) | Q(team__isnull=False),
                name="cases_open_case_has_responsible",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(answered_at__isnull=False),
                name="cases_closed_case_was_answered",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at=None)
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False)),
                name="cases_ended_state_has_end",
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="cases_case_received"),
            models.Index(fields=["site", "-received_at", "-id"], name="cases_case_site"),
            models.Index(
                fields=["site", "-received_at", "-id"], condition=Q(ended_at=None), name="cases_case_open"
            ),
            # Who reaches several sites reads the newest of all of them; the index by site does not give that.
            models.Index(
                fields=["-received_at", "-id"], condition=Q(ended_at=None), name="cases_case_open_newest"
            ),
            models.Index(
                fields=["responsible", "-received_at"], condition=Q(ended_at=None), name="cases_case_mine"
            ),
            models.Index(fields=["responsible", "-received_at"], name="cases_case_person"),
            models.Index(
                fields=["team", "-received_at"], condition=Q(team__isnull=False), name="cases_case_team"
            ),
            models.Index(
                fields=["severity", "-received_at"],
                condition=~Q(severity="normal"),
                name="cases_case_severe",
            ),
            models.Index(fields=["category", "-received_at"], name="cases_case_category_at"),
            models.Index(
                fields=["place", "-received_at"], condition=Q(place__isnull=False), name="cases_case_place"
            ),
            models.Index(
                fields=["customer", "-received_at"],
                condition=Q(customer__isnull=False),
                name="cases_case_customer",
            ),
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="cases_case_merged"
            ),
            models.Index(
                fields=["incident"], condition=Q(incident__isnull=False), name="cases_case_incident"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("cases:case", args=[self.code])

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.ended_at is None


class Contact(ScopedModel):
    """One touch with a customer on any channel, in or out; usually about a case."""

    class Direction(models.TextChoices):
        IN = "in", _("Incoming")
        OUT = "out", _("Outgoing")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts")
    customer = models.ForeignKey(
        "customers.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    place = models.ForeignKey(
        "places.Place", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    direction = models.CharField(max_length=3, choices=Direction.choices, verbose_name=_("Direction"))
    channel = models.CharField(max_length=10, choices=Channel.choices, verbose_name=_("Channel"))
    at = models.DateTimeField(default=now, verbose_name=_("When"))
    name = models.CharField(max_length=60, blank=True, verbose_name=_("Name"))
    phone = models.CharField(max_length=40, blank=True, verbose_name=_("Phone"))
    text = models.TextField(blank=True, verbose_name=_("What was said"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="cases_contact_newest"),
            models.Index(fields=["site", "-at", "-id"], name="cases_contact_site"),
            models.Index(fields=["phone"], condition=~Q(phone=""), name="cases_contact_phone"),
            models.Index(
                fields=["customer", "-at"], condition=Q(customer__isnull=False), name="cases_contact_customer"
            ),
            models.Index(
                fields=["place", "-at"], condition=Q(place__isnull=False), name="cases_contact_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.get_channel_display()} {self.name}"
