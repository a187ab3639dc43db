from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KitConfig(AppConfig):
    name = "huiyin.base.kit"
    label = "kit"

    def ready(self) -> None:
        """Let every app declare its permissions, verbs, reactions, jobs, pack sections, what they touch, figures, panels."""
        for module in (
            "permissions",
            "services",
            "reactions",
            "jobs",
            "pack",
            "touching",
            "importing",
            "indicators",
            "panels",
        ):
            autodiscover_modules(module)
