"""Head-ends that meters are heard through, and what is asked of them."""

import django.db.models.deletion
from django.db import migrations, models

from segs_site.lib import audit


class Migration(migrations.Migration):
    """Gateways, their meters, their requests."""

    dependencies = [
        ("lib", "0003_audit_trail"),
        ("meters", "0005_say_what_the_origin_is"),
    ]

    operations = [
        migrations.CreateModel(
            name="Gateway",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(blank=True, max_length=100)),
                (
                    "key_prefix",
                    models.CharField(
                        blank=True, help_text="of the key it comes with", max_length=12
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.AddField(
            model_name="meter",
            name="gateway",
            field=models.ForeignKey(
                blank=True,
                help_text="empty: it has a line of its own",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="meters",
                to="meters.gateway",
            ),
        ),
        migrations.CreateModel(
            name="GatewayRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("ping", "ping"),
                            ("connect", "connect"),
                            ("disconnect", "disconnect"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "waits to be fetched"),
                            ("sent", "fetched by the head-end"),
                            ("answered", "answered"),
                            ("expired", "not answered in time"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "requested_by",
                    models.CharField(blank=True, help_text="empty: by itself", max_length=254),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "sent_at",
                    models.DateTimeField(help_text="when a head-end fetched it", null=True),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "succeeded",
                    models.BooleanField(help_text="the meter answered, or did it", null=True),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, help_text="as the head-end says it", max_length=500
                    ),
                ),
                (
                    "gateway",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="meters.gateway",
                    ),
                ),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="meters.meter",
                    ),
                ),
            ],
            options={
                "ordering": ["-requested_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["requested", "sent"])),
                        fields=["gateway", "id"],
                        name="gateway_request_waiting",
                    ),
                    models.Index(
                        fields=["meter", "-requested_at"], name="gateway_request_of_meter"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("requested_at"))),
                        name="gateway_request_expires_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", False), ("state", "answered")),
                            models.Q(
                                models.Q(("state", "answered"), _negated=True),
                                ("answered_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="gateway_request_answered_at",
                    ),
                ],
            },
        ),
        audit.track("meters_gateway", label="meters.Gateway", name="code"),
        audit.track("meters_gatewayrequest", label="meters.GatewayRequest", name="meter_id"),
    ]
