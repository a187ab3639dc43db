"""What all tests stand on: a data folder of their own, no network, shared data, a real server, a real browser."""
