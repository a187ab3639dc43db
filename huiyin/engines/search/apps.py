from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "huiyin.engines.search"
    label = "search"
