"""Passwords in tests: the real algorithm with the least work, which the real server verifies just as well."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with one round over eight kibibytes."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
