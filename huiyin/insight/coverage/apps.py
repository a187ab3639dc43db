from django.apps import AppConfig


class CoverageConfig(AppConfig):
    name = "huiyin.insight.coverage"
    label = "coverage"
