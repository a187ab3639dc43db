from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "huiyin.insight.reports"
    label = "reports"
