"""Where every address leads."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("org/", include("huiyin.base.org.urls")),
    path("files/", include("huiyin.engines.files.urls")),
    path("packs/", include("huiyin.engines.packs.urls")),
    path("imports/", include("huiyin.engines.imports.urls")),
    path("places/", include("huiyin.records.places.urls")),
    path("customers/", include("huiyin.records.customers.urls")),
    path("cases/", include("huiyin.work.cases.urls")),
    path("insight/", include("huiyin.insight.indicators.urls")),
    path("", include("huiyin.faces.desk.urls")),
]
