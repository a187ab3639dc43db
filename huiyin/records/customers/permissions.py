"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(
    Permission("customers.view", _("See customers and their files")),
    Permission("customers.edit", _("Add and change customers")),
    Permission("customers.reveal", _("Reveal identity numbers in full")),
    Permission("customers.merge", _("Merge duplicate customers and undo it")),
    Permission("customers.import", _("Import customers from files")),
    Permission("customers.export", _("Export customers to files")),
)
