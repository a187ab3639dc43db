"""The organisation: a tree of units, posts with permissions, people and their appointments."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from pypinyin import Style, pinyin

from huiyin.base.kit.models import SharedModel
from huiyin.base.kit.moment import now

CODE = RegexValidator(r"^[a-z0-9][a-z0-9-]{0,30}$", _("Small letters, digits and hyphens only."))


def pinyin_of(name: str) -> str:
    """The name in Latin letters, whole and as initials, with every reading of its first character."""
    if not name.strip():
        return ""
    first, *rest = pinyin(name.strip()[:20], style=Style.NORMAL, heteronym=True, v_to_u=False)
    tail = [readings[0] for readings in rest]
    ways = [f"{one}{''.join(tail)} {one[:1]}{''.join(t[:1] for t in tail)}" for one in first]
    return " ".join(dict.fromkeys(" ".join(ways).lower().split()))[:200]


class OrgUnit(models.Model):
    """One unit of the organisation: the company, a branch, a site or a team of a site.

    `path` is the chain of ids from the root, e.g. `/1/4/9/`: a subtree is a prefix.
    """

    class Kind(models.TextChoices):
        COMPANY = "company", _("Company")
        BRANCH = "branch", _("Branch")
        SITE = "site", _("Site")
        TEAM = "team", _("Team")

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, verbose_name=_("Kind"))
    code = models.CharField(max_length=31, unique=True, validators=[CODE], verbose_name=_("Code"))
    name = models.CharField(max_length=80, verbose_name=_("Name"))
    path = models.CharField(max_length=200, db_index=True, editable=False, default="")
    closed_on = models.DateField(null=True, blank=True, verbose_name=_("Closed on"))

    class Meta:
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """What everything is cut by: an estate, a building, a shop, a station with its own counter.

    Its `code` is part of addresses and case numbers and never changes.
    """

    unit = models.OneToOneField(OrgUnit, on_delete=models.PROTECT, related_name="site")
    code = models.CharField(max_length=31, unique=True, validators=[CODE], verbose_name=_("Code"))
    name = models.CharField(max_length=80, verbose_name=_("Name"))
    address = models.CharField(max_length=200, blank=True, verbose_name=_("Address"))
    phone = models.CharField(max_length=30, blank=True, verbose_name=_("Phone"))

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def site_id(self) -> int:
        """A site belongs to itself; lets commands take a site as their subject."""
        return int(self.pk)


class Post(models.Model):
    """A job of the handbook: what somebody in it may do, to whom they report, who deputises.

    `permissions` is a list of permission codes. `origin` names the pack it came from; a post made
    on screen has none. `source` lists the requirement ids behind it, `clause` the handbook's own.
    """

    class Level(models.TextChoices):
        SITE = "site", _("At a site")
        COMPANY = "company", _("Company-wide")
        SYSTEM = "system", _("For a connected system")

    code = models.CharField(max_length=40, unique=True, verbose_name=_("Code"))
    name = models.CharField(max_length=60, verbose_name=_("Name"))
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.SITE, verbose_name=_("Level"))
    permissions = models.JSONField(default=list, blank=True, verbose_name=_("Permissions"))
    reports_to = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("Reports to"),
    )
    deputy = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="deputises",
        verbose_name=_("Deputy"),
    )
    description = models.TextField(blank=True, verbose_name=_("Duties"))
    origin = models.CharField(max_length=60, blank=True, editable=False)
    source = models.JSONField(default=list, blank=True, editable=False)
    clause = models.CharField(max_length=200, blank=True, verbose_name=_("Clause"))
    retired = models.BooleanField(default=False, verbose_name=_("No longer used"))

    class Meta:
        ordering = ["level", "code"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds users by their login name."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Make a user; without a password none can be used to sign in."""
        fields.setdefault("pinyin", pinyin_of(fields.get("name", "")))
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person (or a system) that can sign in. What they may do follows from appointments alone.

    `pinyin` holds the ways to write the name in Latin letters, for looking people up.
    """

    username = models.CharField(
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]+$", _("Letters, digits and @ . + - _ only."))],
        verbose_name=_("Login name"),
    )
    name = models.CharField(max_length=60, verbose_name=_("Name"))
    pinyin = models.CharField(max_length=200, blank=True, editable=False, default="")
    phone = models.CharField(max_length=30, blank=True, verbose_name=_("Phone"))
    email = models.EmailField(blank=True, verbose_name=_("E-mail"))
    is_active = models.BooleanField(default=True, verbose_name=_("May sign in"))
    language = models.CharField(
        max_length=8,
        blank=True,
        choices=[("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")],
        verbose_name=_("Language"),
    )
    joined_at = models.DateTimeField(default=now, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.username

    def get_short_name(self) -> str:
        return str(self)

    def get_full_name(self) -> str:
        return str(self)


class Appointment(models.Model):
    """A person holds a post at a unit from one day to another (both included, local days)."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("Person")
    )
    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("Post")
    )
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("Unit")
    )
    starts_on = models.DateField(verbose_name=_("From"))
    ends_on = models.DateField(null=True, blank=True, verbose_name=_("Until"))

    class Meta:
        ordering = ["-starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="org_appointment_period",
                violation_error_message=_("The end lies before the start."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.post} · {self.unit}"


class ApiToken(models.Model):
    """A key for the programming interface, acting as its user. Only its hash is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60, verbose_name=_("Name"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_on = models.DateField(null=True, editable=False)
    expires_on = models.DateField(null=True, blank=True, verbose_name=_("Valid until"))
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class Stamp(models.Model):
    """One row whose number is another one after every change to units, posts or appointments.

    Lets every process keep computed scopes in memory and know when they are stale; drawn by lot, so that a
    database restored from an old copy never tells a number that stood for other rights.
    """

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class SecondFactor(models.Model):
    """The one-time code app that a person signs in with besides the password.

    `secret` is sealed with the field key; `last_step` is the 30-second step of the last code
    accepted, so that no code works twice.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.CharField(max_length=200, editable=False)
    last_step = models.BigIntegerField(default=0, editable=False)
    since = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """A code for the day the telephone is lost; works once. Only its hash is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="org_recovery_code_once")]

    def __str__(self) -> str:
        return str(self.user)


class SavedView(SharedModel):
    """A list's filters, order and columns under a name: one's own, or shared with a site (or with all)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    path = models.CharField(max_length=100)
    name = models.CharField(max_length=40, verbose_name=_("Name"))
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["user", "path", "name"], name="org_saved_view_once")]
        indexes = [models.Index(fields=["path"], name="org_saved_view_path")]

    def __str__(self) -> str:
        return self.name
