from django.apps import AppConfig


class PacksConfig(AppConfig):
    name = "huiyin.engines.packs"
    label = "packs"
