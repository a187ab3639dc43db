"""Where every address leads."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("huiyin.faces.api.urls")),
    path("", include("huiyin.base.org.account_urls")),
    path("org/", include("huiyin.base.org.urls")),
    path("files/", include("huiyin.engines.files.urls")),
    path("packs/", include("huiyin.engines.packs.urls")),
    path("", include("huiyin.engines.clocks.urls")),
    path("approvals/", include("huiyin.engines.approvals.urls")),
    path("imports/", include("huiyin.engines.imports.urls")),
    path("places/", include("huiyin.records.places.urls")),
    path("customers/", include("huiyin.records.customers.urls")),
    path("cases/", include("huiyin.work.cases.urls")),
    path("reports/", include("huiyin.insight.reports.urls")),
    path("insight/", include("huiyin.insight.indicators.urls")),
    path("coverage/", include("huiyin.insight.coverage.urls")),
    path("", include("huiyin.faces.desk.urls")),
]

handler400 = "huiyin.base.kit.failures.bad_request"
handler403 = "huiyin.base.kit.failures.forbidden"
handler404 = "huiyin.base.kit.failures.not_found"
handler500 = "huiyin.base.kit.failures.broken"
