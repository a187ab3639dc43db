from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "huiyin.base.kit"
    label = "kit"
