"""Addresses of this app."""

from django.urls import path

from . import views

app_name = "files"
urlpatterns = [
    path("to/<str:owner_type>/<int:owner_id>/", views.Upload.as_view(), name="upload"),
    path("<int:pk>/thumbnail/", views.Thumbnail.as_view(), name="thumbnail"),
    path("<int:pk>/remove/", views.Remove.as_view(), name="remove"),
    path("<int:pk>/<str:name>", views.Download.as_view(), name="download"),
]
