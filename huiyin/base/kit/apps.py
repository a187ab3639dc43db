from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KitConfig(AppConfig):
    name = "huiyin.base.kit"
    label = "kit"

    def ready(self) -> None:
        """Let every app declare its permissions, verbs, reactions, jobs and pack sections."""
        for module in ("permissions", "services", "reactions", "jobs", "pack", "indicators"):
            autodiscover_modules(module)
