"""Things: meters, lifts, vehicles, devices."""

from datetime import date, timedelta

import pytest

from huiyin.base.kit.moment import today
from huiyin.base.kit.service import Refused
from huiyin.base.trail.selectors import history
from huiyin.records.places import selectors, services
from huiyin.records.places.models import Asset
from tests.people import BY, People


def test_a_vehicle_is_known_by_its_plate_however_written(everywhere: People) -> None:
    car = services.add_asset(everywhere.here, kind="vehicle", plate="浙a·12345", maker="BYD", by=BY)
    assert (car.plate, car.code, car.name) == ("浙A12345", "浙A12345", "浙A12345")
    assert selectors.asset_of(everywhere.here, "浙A 12345") == car
    assert selectors.asset_of(everywhere.there, "浙A12345") is None
    with pytest.raises(Refused) as refusal:
        services.add_asset(everywhere.here, kind="vehicle", code="other", plate="浙A-12345", by=BY)
    assert refusal.value.code == "invalid"


def test_a_retired_plate_can_be_given_again(everywhere: People) -> None:
    car = services.add_asset(everywhere.here, kind="vehicle", code="V1", plate="浙A12345", by=BY)
    services.retire_asset(car, reason="sold", by=BY)
    assert selectors.asset_of(everywhere.here, "浙A12345") is None
    next_car = services.add_asset(everywhere.here, kind="vehicle", code="V2", plate="浙A12345", by=BY)
    assert selectors.asset_of(everywhere.here, "浙A12345") == next_car
    with pytest.raises(Refused, match="retired"):
        services.change_asset(car, colour="red", by=BY)


@pytest.mark.parametrize("vin", ["123", "1M8GDM9AIKP042788", "1HGCM82633A00435O"])
def test_what_cannot_be_a_vin_is_refused(everywhere: People, vin: str) -> None:
    with pytest.raises(Refused) as refusal:
        services.add_asset(everywhere.here, kind="vehicle", plate="浙A12345", vin=vin, by=BY)
    assert (refusal.value.code, refusal.value.field) == ("vin", "vin")
    assert not Asset.objects.exists()


def test_a_meter_stands_in_its_room_and_moves_with_history(everywhere: People) -> None:
    room = services.add_place(everywhere.here, kind="room", address="3-2-501", by=BY)
    other = services.add_place(everywhere.here, kind="room", address="3-2-502", by=BY)
    meter = services.add_asset(
        everywhere.here, kind="meter", subtype="water", code="W-501", serial="1212", place=room, by=BY
    )
    building = selectors.ancestors(room)[0]
    assert list(selectors.assets_under(building)) == [meter]
    services.change_asset(meter, place=other, reason="installed in the wrong room", by=BY)
    event = history(meter).last()
    assert event.data["old"] == {"place": room.pk} and event.data["new"] == {"place": other.pk}
    assert list(selectors.assets_under(room)) == []
    assert selectors.asset_of(everywhere.here, "1212") == meter


def test_a_thing_stands_at_its_own_site_only(everywhere: People) -> None:
    room = services.add_place(everywhere.there, kind="room", address="3-2-501", by=BY)
    with pytest.raises(Refused, match="wrong-site"):
        services.add_asset(everywhere.here, kind="lift", code="L1", place=room, by=BY)
    lift = services.add_asset(everywhere.here, kind="lift", code="L1", by=BY)
    with pytest.raises(Refused, match="wrong-site"):
        services.change_asset(lift, place=room, by=BY)


def test_codes_are_not_given_twice_and_things_need_one(everywhere: People) -> None:
    lift = services.add_asset(everywhere.here, kind="lift", code="L1", name="1号梯", by=BY)
    with pytest.raises(Refused) as refusal:
        services.add_asset(everywhere.here, kind="lift", code="L1", by=BY)
    assert refusal.value.field == "code"
    with pytest.raises(Refused, match="invalid"):
        services.add_asset(everywhere.here, kind="lift", by=BY)
    second = services.add_asset(everywhere.here, kind="lift", code="L2", by=BY)
    with pytest.raises(Refused):
        services.change_asset(second, code="L1", by=BY)
    assert second.code == "L2"
    assert selectors.asset_of(everywhere.here, "l1") == lift


def test_nothing_retires_before_it_was_installed(everywhere: People) -> None:
    pump = services.add_asset(
        everywhere.here, kind="equipment", code="P1", installed_on=date(2020, 1, 1), by=BY
    )
    with pytest.raises(Refused):
        services.retire_asset(pump, on=date(2019, 1, 1), by=BY)
    services.retire_asset(pump, by=BY)
    again = services.retire_asset(pump, on=today() - timedelta(days=3), by=BY)
    assert again.retired_on == today()
