"""People, endpoints and households that are told, and what they were told."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_key_last_used"),
        ("alerts", "0002_the_journal_stays"),
        ("grid", "0001_initial"),
        ("meters", "0005_say_what_the_origin_is"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lane",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("failures", models.IntegerField(default=0, help_text="in a row")),
                ("rests_until", models.DateTimeField(null=True)),
                (
                    "taken_until",
                    models.DateTimeField(help_text="a worker that died leaves it then", null=True),
                ),
                ("last_sent_at", models.DateTimeField(null=True)),
                ("last_failure", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Untold",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="alerts.alertevent",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "untold",
            },
        ),
        migrations.CreateModel(
            name="AddressOutage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.alert",
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="meters.servicepoint",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="address_outages",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-told_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "occasion",
                    models.CharField(
                        choices=[
                            ("opened", "a new alert"),
                            ("worsened", "an alert got worse"),
                            ("escalated", "nobody has acknowledged"),
                            ("ended", "an alert is over"),
                            ("outage", "an outage at the address"),
                            ("restored", "supply is back"),
                            ("summary", "many in one"),
                            ("test", "a test"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("in_app", "in the console"),
                            ("mail", "e-mail"),
                            ("sms", "text message"),
                            ("webhook", "webhook"),
                        ],
                        max_length=10,
                    ),
                ),
                ("lane", models.CharField(max_length=20)),
                ("priority", models.SmallIntegerField(default=0, help_text="lower goes first")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("summed", "told in a summary"),
                            ("dropped", "not sent"),
                            ("dead", "given up"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("attempts", models.SmallIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "reason",
                    models.CharField(blank=True, help_text="why it was not sent", max_length=300),
                ),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="alerts.alert",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.alertevent",
                    ),
                ),
                (
                    "opening",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="alerts.notice",
                    ),
                ),
                (
                    "outage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="alerts.addressoutage",
                    ),
                ),
                (
                    "summary",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="members",
                        to="alerts.notice",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("took_ms", models.IntegerField()),
                ("is_sent", models.BooleanField()),
                (
                    "status",
                    models.SmallIntegerField(
                        help_text="of HTTP or SMTP, if there was one", null=True
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="alerts.notice",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="NoticeSettings",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="notice_settings",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "is_on_duty",
                    models.BooleanField(default=True, help_text="hears of every escalation"),
                ),
                (
                    "in_app_from",
                    models.SmallIntegerField(
                        blank=True,
                        choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                        null=True,
                    ),
                ),
                (
                    "mail_from",
                    models.SmallIntegerField(
                        blank=True,
                        choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                        null=True,
                    ),
                ),
                (
                    "sms_from",
                    models.SmallIntegerField(
                        blank=True,
                        choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                        null=True,
                    ),
                ),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        max_length=16,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\+[1-9][0-9]{6,14}$",
                                "With the country's code, such as +3225551234.",
                            )
                        ],
                    ),
                ),
                ("quiet_from", models.TimeField(blank=True, null=True)),
                ("quiet_until", models.TimeField(blank=True, null=True)),
                (
                    "critical_passes",
                    models.BooleanField(
                        default=True,
                        help_text="critical alerts and escalations pass the quiet hours",
                    ),
                ),
                (
                    "regions",
                    models.ManyToManyField(
                        blank=True, help_text="none: all of them", to="grid.region"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "notice settings",
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, unique=True)),
                ("url", models.URLField(max_length=500)),
                ("secret", models.BinaryField(help_text="encrypted by a key of SECRET_KEY")),
                (
                    "severity_from",
                    models.SmallIntegerField(
                        choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                        default=1,
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(editable=False)),
                (
                    "regions",
                    models.ManyToManyField(
                        blank=True, help_text="none: all of them", to="grid.region"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="notice",
            name="endpoint",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="alerts.webhookendpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="addressoutage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("user", "service_point"),
                name="address_outage_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticesettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from", None), ("quiet_until", None)),
                    models.Q(
                        ("quiet_from__isnull", False),
                        ("quiet_until__isnull", False),
                        models.Q(("quiet_from", models.F("quiet_until")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="quiet_hours_begin_and_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticesettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sms_from", None), models.Q(("phone", ""), _negated=True), _connector="OR"
                ),
                name="text_messages_need_a_phone",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["lane", "priority", "due_at", "id"],
                name="notice_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("channel", "in_app"), ("read_at", None), ("state", "sent")),
                fields=["user", "-id"],
                name="notice_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["user", "channel", "done_at"], name="notice_of_person"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["done_at"], name="notice_done"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", False)),
                fields=("event", "user", "channel"),
                name="notice_once_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("endpoint__isnull", False)),
                fields=("event", "endpoint"),
                name="notice_once_an_endpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "dropped"), _negated=True),
                fields=("outage", "occasion", "channel"),
                name="notice_once_an_outage",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("endpoint", None), ("user__isnull", False)),
                    models.Q(("endpoint__isnull", False), ("user", None)),
                    _connector="OR",
                ),
                name="notice_to_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True), ("done_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="notice_done_at",
            ),
        ),
    ]
