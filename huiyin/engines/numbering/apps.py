from django.apps import AppConfig


class NumberingConfig(AppConfig):
    name = "huiyin.engines.numbering"
    label = "numbering"
