from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "huiyin.engines.clocks"
    label = "clocks"
