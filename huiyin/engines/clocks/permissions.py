"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(Permission("clocks.duty", _("Set the duty roster")))
