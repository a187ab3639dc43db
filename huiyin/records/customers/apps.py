from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "huiyin.records.customers"
    label = "customers"
