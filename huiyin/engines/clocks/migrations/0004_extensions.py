"""More time given to clocks, and the verdict against the original limit."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def judge(apps: Any, _editor: Any) -> None:
    """Before extensions there was one limit, hence one verdict."""
    ended = apps.get_model("clocks", "Clock").objects.filter(verdict__isnull=False)
    ended.update(original_verdict=models.F("verdict"))


class Migration(migrations.Migration):
    dependencies = [
        ("clocks", "0003_statistics"),
        ("org", "0002_sign_in_and_views"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("due_before", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("reason", models.TextField()),
                ("user_label", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["clock_id", "id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="clock",
            name="clocks_clock_state",
        ),
        migrations.AddField(
            model_name="clock",
            name="original_verdict",
            field=models.CharField(
                choices=[("kept", "In time"), ("late", "Too late")], max_length=4, null=True
            ),
        ),
        migrations.RunPython(judge, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("original_verdict", None),
                        ("state", "running"),
                        ("stopped_at", None),
                        ("verdict", None),
                    ),
                    models.Q(
                        ("state", "stopped"),
                        ("stopped_at__isnull", False),
                        ("wake_at", None),
                        ("original_verdict__isnull", False),
                        ("verdict__isnull", False),
                    ),
                    models.Q(
                        ("state", "cancelled"),
                        ("stopped_at__isnull", False),
                        ("wake_at", None),
                        models.Q(("verdict", None), ("verdict", "late"), _connector="OR"),
                        models.Q(("original_verdict", None), ("original_verdict", "late"), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="clocks_clock_state",
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="clock",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="extensions", to="clocks.clock"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="site",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="org.site"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("due_before")), ("until__gt", models.F("at"))),
                name="clocks_extension_later",
            ),
        ),
    ]
