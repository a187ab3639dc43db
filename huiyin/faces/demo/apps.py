from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "huiyin.faces.demo"
    label = "demo"
