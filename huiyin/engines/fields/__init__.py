"""Fields people write by hand: identity numbers, phone numbers and amounts of money, checked and shown."""
