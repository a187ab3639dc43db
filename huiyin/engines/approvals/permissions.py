"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(
    Permission("approvals.view", _("See approvals and ask for them")),
    Permission("approvals.decide", _("Sign approvals where the chain asks for one's post")),
    Permission("approvals.delegate", _("Let a deputy sign for oneself")),
)
