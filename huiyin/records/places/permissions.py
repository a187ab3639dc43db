"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(
    Permission("places.view", _("See places and things")),
    Permission("places.edit", _("Add and change places and things")),
    Permission("places.import", _("Import places and things from files")),
)
