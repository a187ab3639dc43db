from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "huiyin.engines.imports"
    label = "imports"
