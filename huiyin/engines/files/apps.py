from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "huiyin.engines.files"
    label = "files"
