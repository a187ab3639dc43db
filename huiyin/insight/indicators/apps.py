from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "huiyin.insight.indicators"
    label = "indicators"
