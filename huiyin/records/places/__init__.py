"""Places and things: what a site consists of, and what is installed, parked or owned there.

Words: *place* (a building, entrance, room, public area, parking space …), *address* (building, entrance
and room, however spoken), *asset* (a lift, meter, vehicle, device with a file of its own),
*occupancy* (unsold, vacant, under fit-out, self-used, let), *path* (the places above one).

Commands: add_place, change_place, readdress, move_place, set_occupancy, close_place, reopen_place,
add_asset, change_asset, retire_asset. Effects: put_place, put_address, put_asset, fill_place, fill_asset.
Events: places.added, .changed, .moved, .occupancy_set, .closed, .reopened, .asset_added,
.asset_changed, .asset_retired. Rows of sheets come in through `importing`.
"""
