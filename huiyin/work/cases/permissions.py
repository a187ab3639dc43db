"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(
    Permission("cases.view", _("See cases")),
    Permission("cases.register", _("Register cases and contacts")),
    Permission("cases.assign", _("Assign cases")),
    Permission("cases.answer", _("Work on and answer cases")),
    Permission("cases.wait", _("Let cases wait for the customer or others")),
    Permission("cases.decline", _("Decline or cancel cases with an explanation")),
    Permission("cases.close", _("Close cases")),
    Permission("cases.reopen", _("Reopen cases")),
    Permission("cases.merge", _("Merge and separate cases")),
    Permission("cases.incident", _("Lead incidents with many cases")),
    Permission("cases.import", _("Import cases from files")),
    Permission("cases.export", _("Take lists of cases away as spreadsheets")),
)
