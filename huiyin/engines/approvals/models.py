"""Approvals, their steps, who signed what, and who signs for whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now


class State(models.TextChoices):
    """Where an approval stands."""

    PENDING = "pending", pgettext_lazy("approval", "Being signed")
    APPROVED = "approved", pgettext_lazy("approval", "Approved")
    RETURNED = "returned", pgettext_lazy("approval", "Returned")
    REFUSED = "refused", pgettext_lazy("approval", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("approval", "Withdrawn")
    LAPSED = "lapsed", pgettext_lazy("approval", "Lapsed")
    VOID = "void", pgettext_lazy("approval", "Agreed, without effect")


class Approval(ScopedModel):
    """One request of one kind about one subject, with the rule it was submitted under and how it ended.

    `facts` is what the chain depends on: `amount` in fen with its `currency`, `minutes` (natural time),
    `working_days`, and words such as `category`. `request` is what the effect needs. `rule` is a copy of
    the pack entry. `root` is the matter under whose history its events are read. `remarks` says what
    became of the chain when it was drawn up (see `words`). `outcome` is why it ended as it did. A
    `discreet` one is seen only by those who take part in it.
    """

    code = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    request = models.JSONField(default=dict)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    root_type = models.CharField(max_length=60)
    root_id = models.BigIntegerField()
    about = models.CharField(max_length=200, blank=True)
    about_label = models.CharField(max_length=160, blank=True)
    rule_code = models.CharField(max_length=80)
    rule = models.JSONField()
    remarks = models.JSONField(default=list)
    discreet = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    submitted_at = models.DateTimeField()
    lapses_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=500, blank=True)
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="later")

    class Meta:
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind"],
                condition=Q(ended_at=None),
                name="approvals_approval_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_at=None)
                | (~Q(state="pending") & Q(ended_at__isnull=False)),
                name="approvals_approval_state",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="approvals_approval_subject"),
            models.Index(fields=["site", "-submitted_at", "-id"], name="approvals_approval_site"),
            models.Index(fields=["applicant", "-submitted_at"], name="approvals_approval_applicant"),
            models.Index(fields=["lapses_at"], condition=Q(ended_at=None), name="approvals_approval_lapse"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("approvals:approval", args=[self.code])

    @property
    def is_pending(self) -> bool:
        """Whether signatures are still awaited."""
        return self.ended_at is None


class Step(ScopedModel):
    """One step of a chain: whose signature it takes.

    `who` names `posts`, the one `user` that a signer added, or `customer`. Of a step in mode `all`
    everybody must sign, of `any` one is enough. `remarks` says why somebody else than named signs, or
    nobody. `looked_at` is the state of the organisation its signers were last computed from.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("step", "Later")
        OPEN = "open", pgettext_lazy("step", "To be signed now")
        AGREED = "agreed", pgettext_lazy("step", "Agreed")
        SKIPPED = "skipped", pgettext_lazy("step", "Not needed")
        RETURNED = "returned", pgettext_lazy("step", "Returned")
        REFUSED = "refused", pgettext_lazy("step", "Refused")
        DROPPED = "dropped", pgettext_lazy("step", "No longer asked")

    class Mode(models.TextChoices):
        ANY = "any", _("one of them")
        ALL = "all", _("all of them")

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=160)
    who = models.JSONField()
    mode = models.CharField(max_length=3, choices=Mode.choices, default=Mode.ANY)
    company_wide = models.BooleanField(default=False)
    optional = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    remarks = models.JSONField(default=list)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    looked_at = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["approval"], condition=Q(state="open"), name="approvals_step_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["looked_at"], condition=Q(state="open"), name="approvals_step_open"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"

    @property
    def is_customers(self) -> bool:
        """Whether it waits for the customer's word, not for a signature of staff."""
        return bool(self.who.get("customer"))


class Signer(ScopedModel):
    """Somebody who may sign an open step now, and in which post; gone when the step has ended."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="signers", db_index=False)
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="signers", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    post = models.CharField(max_length=40, blank=True)
    post_name = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "user"], name="approvals_signer_once")]
        indexes = [
            models.Index(fields=["user"], name="approvals_signer_user"),
            models.Index(fields=["approval"], name="approvals_signer_approval"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at step {self.step_id}"


class Delegation(models.Model):
    """A deputy signs for somebody from one moment until another, for some kinds or (with none named) all."""

    delegator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    kinds = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=now, editable=False)
    ended_early_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="approvals_delegation_period"
            ),
            models.CheckConstraint(condition=~Q(delegator=F("deputy")), name="approvals_delegation_other"),
        ]
        indexes = [
            models.Index(fields=["deputy", "ends_at"], name="approvals_delegation_deputy"),
            models.Index(fields=["delegator", "ends_at"], name="approvals_delegation_from"),
        ]

    def __str__(self) -> str:
        return f"{self.delegator_id} → {self.deputy_id}"


class Signature(ScopedModel):
    """What one person said at one step. Never changed, never deleted.

    `user` is who signed, `on_behalf_of` the person they signed for under a `delegation`. A customer's word has no
    `user`: `noted_by` wrote it down, `evidence` says who said it, when and on which channel.
    """

    class Decision(models.TextChoices):
        AGREE = "agree", pgettext_lazy("signature", "Agree")
        RETURN = "return", pgettext_lazy("signature", "Return")
        REFUSE = "refuse", pgettext_lazy("signature", "Refuse")

    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, related_name="signatures", db_index=False
    )
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="signatures", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    delegation = models.ForeignKey(
        Delegation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    post = models.CharField(max_length=40, blank=True)
    post_name = models.CharField(max_length=60, blank=True)
    decision = models.CharField(max_length=6, choices=Decision.choices)
    opinion = models.CharField(max_length=1000, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["approval", "user"], condition=Q(user__isnull=False), name="approvals_signature_once"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, noted_by=None) | Q(user=None, noted_by__isnull=False),
                name="approvals_signature_whose",
            ),
            models.CheckConstraint(
                condition=Q(on_behalf_of=None, delegation=None)
                | Q(on_behalf_of__isnull=False, delegation__isnull=False),
                name="approvals_signature_deputy",
            ),
        ]
        indexes = [
            models.Index(fields=["approval"], name="approvals_signature_approval"),
            models.Index(fields=["user", "-at"], name="approvals_signature_user"),
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.user_id or 'customer'}"
