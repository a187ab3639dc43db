from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "huiyin.work.cases"
    label = "cases"
