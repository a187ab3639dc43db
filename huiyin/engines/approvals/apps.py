from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "huiyin.engines.approvals"
    label = "approvals"
