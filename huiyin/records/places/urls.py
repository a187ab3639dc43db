"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views, views_actions

app_name = "places"
urlpatterns = [
    path("", views.Browser.as_view(), name="places"),
    path("list/", views.PlaceList.as_view(), name="list"),
    path("pick/", views.Pick.as_view(), name="pick"),
    path("add/", views_actions.AddPlace.as_view(), name="place-new"),
    path("assets/", views.AssetList.as_view(), name="assets"),
    path("assets/add/", views_actions.AddAsset.as_view(), name="asset-new"),
    path("assets/<int:pk>/", views.AssetPage.as_view(), name="asset"),
    path("assets/<int:pk>/change/", views_actions.ChangeAsset.as_view(), name="asset-change"),
    path("assets/<int:pk>/retire/", views_actions.RetireAsset.as_view(), name="asset-retire"),
    path("<int:pk>/", views.PlacePage.as_view(), name="place"),
    path("<int:pk>/add/", views_actions.AddPlaceUnder.as_view(), name="place-add"),
    path("<int:pk>/assets/add/", views_actions.AddAssetAt.as_view(), name="place-asset"),
    path("<int:pk>/change/", views_actions.ChangePlace.as_view(), name="place-change"),
    path("<int:pk>/occupancy/", views_actions.SetOccupancy.as_view(), name="place-occupancy"),
    path("<int:pk>/move/", views_actions.MovePlace.as_view(), name="place-move"),
    path("<int:pk>/readdress/", views_actions.Readdress.as_view(), name="place-readdress"),
    path("<int:pk>/close/", views_actions.ClosePlace.as_view(), name="place-close"),
    path("<int:pk>/reopen/", views_actions.ReopenPlace.as_view(), name="place-reopen"),
]

nav.add(nav.Entry("places", _("Places"), "places:places", "places.view", "building-community", "records", 20))
