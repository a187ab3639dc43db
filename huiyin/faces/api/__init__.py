"""The programming interface `/api/v1`: the same services, as operations with tokens and keys."""
