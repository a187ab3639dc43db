from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "huiyin.records.places"
    label = "places"
