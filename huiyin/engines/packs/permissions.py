"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(
    Permission("packs.view", _("See packs: the rules in force and where they come from")),
    Permission("packs.edit", _("Load and change packs")),
)
