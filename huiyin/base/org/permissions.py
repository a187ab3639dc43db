"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(
    Permission("org.view", _("See the organisation, posts and people")),
    Permission("org.edit", _("Administer the organisation, posts and people")),
    Permission("trail.view", _("See the trail of everything that happened")),
)
