"""The rights of this app."""

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.permissions import Permission, declare

declare(Permission("files.upload", _("Attach files to records and remove them")))
