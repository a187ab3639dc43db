"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(Permission("insight.view", _("See figures and reports")))
