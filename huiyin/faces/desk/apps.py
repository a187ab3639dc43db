from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "huiyin.faces.desk"
    label = "desk"
