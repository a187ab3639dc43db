from django.apps import AppConfig


class TrailConfig(AppConfig):
    name = "huiyin.base.trail"
    label = "trail"
