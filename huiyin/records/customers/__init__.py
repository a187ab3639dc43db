"""Customers: one household, one file.

Words: *customer* (a person or company as one site knows them), *contact point* (a way to reach them, in
its days), *identity number* (sealed, shown masked, revealed on record), *holding* (who stands to a
place or thing in what role, when it was so and when it was known), *merge* (two files made one,
undone exactly).

Commands: add_customer, change_customer, check_data, set_care, end_care, give_consent, withdraw_consent,
add_contact, change_contact, end_contact, add_identity, remove_identity, reveal, reseal, look_up,
start_holding, end_holding, correct_holding, hand_over, merge, unmerge. Effects: put_customer,
put_contact, put_identity, put_holding, reindex. Events: customers.added, .changed, .checked, .care_set,
.care_ended, .consented, .consent_withdrawn, .contact_added, .contact_changed, .contact_ended,
.identity_added, .identity_removed, .revealed, .looked_up, .holding_started, .holding_ended,
.holding_corrected, .handed_over, .merged, .unmerged. Rows of sheets come in through `importing`.
"""
