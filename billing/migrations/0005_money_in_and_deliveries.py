"""Money in by bank files, what took payments back, and how bills get to customers."""

import django.db.models.deletion
from django.db import migrations, models

from segs_site.lib import audit

FORWARD = """
CREATE TRIGGER booked_once BEFORE UPDATE OR DELETE ON billing_paymentreversal
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();

CREATE FUNCTION refuse_change_of_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.key, OLD.booked_on, OLD.amount, OLD.currency, OLD.is_credit,
        OLD.is_return, OLD.text, OLD.payer) IS DISTINCT FROM (NEW.key, NEW.booked_on, NEW.amount,
        NEW.currency, NEW.is_credit, NEW.is_return, NEW.text, NEW.payer) THEN
        RAISE EXCEPTION 'what the bank told is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER told_once BEFORE UPDATE OR DELETE ON billing_bankentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_entry();

-- A PDF is compressed as it is.
ALTER TABLE billing_printbatch ALTER COLUMN pdf SET STORAGE EXTERNAL;
CREATE FUNCTION refuse_change_of_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.made_at IS NOT NULL THEN
        RAISE EXCEPTION 'a batch is printed as it was made'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER made_once BEFORE UPDATE OR DELETE ON billing_printbatch
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_batch();
"""

BACKWARD = """
DROP TRIGGER made_once ON billing_printbatch;
DROP FUNCTION refuse_change_of_batch();
DROP TRIGGER told_once ON billing_bankentry;
DROP FUNCTION refuse_change_of_entry();
DROP TRIGGER booked_once ON billing_paymentreversal;
"""


class Migration(migrations.Migration):
    """What the bank told and what was booked of it stay; a batch is printed as it was made."""

    dependencies = [
        ("billing", "0004_late_data_reminders_and_cancelled_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=100, unique=True)),
                ("booked_on", models.DateField()),
                ("amount", models.DecimalField(decimal_places=3, max_digits=30)),
                ("currency", models.CharField(max_length=3)),
                ("is_credit", models.BooleanField()),
                ("is_return", models.BooleanField()),
                ("is_batch", models.BooleanField()),
                ("text", models.CharField(blank=True, max_length=500)),
                ("bank_reference", models.CharField(blank=True, max_length=100)),
                ("end_to_end", models.CharField(blank=True, max_length=35)),
                ("payer", models.CharField(blank=True, max_length=140)),
                ("payer_account", models.CharField(blank=True, max_length=34)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="why the bank returned it", max_length=35
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "not matched yet"),
                            ("waiting", "waits for you"),
                            ("booked", "booked"),
                            ("ignored", "ignored"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                (
                    "mismatch",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_reference", "it names no invoice and no account"),
                            ("several", "it names several accounts"),
                            ("batch", "it is a sum of several payments"),
                            ("currency", "another currency than the invoice's"),
                            ("not_live", "the invoice was made void"),
                            ("bad_amount", "no amount of its currency"),
                            ("by_hand", "a payment of this reference is booked already"),
                            ("no_original", "a return, and not plain of which payment"),
                            ("odd_return", "a return that brings money in"),
                            ("undone", "taken back by hand"),
                        ],
                        max_length=15,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=254)),
                ("turns", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "bank entries",
                "ordering": ["-booked_on", "-id"],
            },
        ),
        migrations.CreateModel(
            name="BankFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("format", models.CharField(max_length=40)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("taken_at", models.DateTimeField()),
                ("taken_by", models.CharField(max_length=254)),
                ("entries", models.PositiveIntegerField()),
                ("added", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BankLayout",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.SlugField(help_text="as --format names it", max_length=40, unique=True),
                ),
                ("label", models.CharField(max_length=100)),
                (
                    "account",
                    models.CharField(
                        blank=True, help_text="our IBAN, whose file it is", max_length=34
                    ),
                ),
                (
                    "delimiter",
                    models.CharField(default=";", help_text="a tab may be pasted", max_length=1),
                ),
                ("decimal_mark", models.CharField(default=".", max_length=1)),
                (
                    "grouping",
                    models.CharField(blank=True, help_text="mark between thousands", max_length=1),
                ),
                (
                    "encoding",
                    models.CharField(
                        choices=[
                            ("utf-8", "UTF-8"),
                            ("cp1252", "Windows-1252"),
                            ("iso-8859-15", "Latin 9"),
                        ],
                        default="utf-8",
                        max_length=20,
                    ),
                ),
                (
                    "skip_rows",
                    models.PositiveSmallIntegerField(default=0, help_text="before the headings"),
                ),
                (
                    "has_headings",
                    models.BooleanField(
                        default=True, help_text="else columns are numbers, from 1"
                    ),
                ),
                ("date_column", models.CharField(max_length=100)),
                (
                    "date_format",
                    models.CharField(default="%Y-%m-%d", help_text="%d.%m.%Y", max_length=40),
                ),
                (
                    "amount_column",
                    models.CharField(help_text="below zero it went out", max_length=100),
                ),
                (
                    "debit_column",
                    models.CharField(
                        blank=True,
                        help_text="where what goes out has a column of its own",
                        max_length=100,
                    ),
                ),
                ("currency_column", models.CharField(blank=True, max_length=100)),
                (
                    "currency",
                    models.CharField(
                        blank=True, help_text="where no column names it", max_length=3
                    ),
                ),
                (
                    "reference_columns",
                    models.TextField(help_text="what the payer wrote, one a line"),
                ),
                ("payer_column", models.CharField(blank=True, max_length=100)),
                ("payer_account_column", models.CharField(blank=True, max_length=100)),
                (
                    "id_column",
                    models.CharField(
                        blank=True, help_text="the bank's own reference", max_length=100
                    ),
                ),
                (
                    "return_marks",
                    models.TextField(
                        blank=True,
                        help_text="words of an entry that takes a payment back, one a line",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="entry",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="billing.bankentry",
            ),
        ),
        migrations.AddField(
            model_name="bankentry",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="found",
                to="billing.bankfile",
            ),
        ),
        migrations.CreateModel(
            name="PaymentReversal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reversed_on", models.DateField()),
                ("reason", models.CharField(max_length=500)),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=254)),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="billing.bankentry",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "ordering": ["-recorded_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PrintBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wanted_at", models.DateTimeField()),
                ("wanted_by", models.CharField(max_length=254)),
                ("made_at", models.DateTimeField(null=True)),
                ("bills", models.PositiveIntegerField(default=0)),
                ("pages", models.PositiveIntegerField(default=0)),
                ("pdf", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name_plural": "print batches",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("made_at__isnull", True), ("pdf__isnull", True), ("sha256", "")
                            ),
                            models.Q(
                                ("bills", 0),
                                ("made_at__isnull", False),
                                ("pdf__isnull", True),
                                ("sha256", ""),
                            ),
                            models.Q(
                                ("bills__gt", 0),
                                ("made_at__isnull", False),
                                ("pdf__isnull", False),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="print_batch_whole_or_not_there",
                    ),
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("made_at__isnull", True)),
                        name="print_batch_wanted_once",
                    ),
                ],
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
                ("level", models.PositiveSmallIntegerField(default=0)),
                (
                    "way",
                    models.CharField(
                        choices=[("mail", "e-mail"), ("print", "paper")], max_length=5
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("bounced", "bounced"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=254)),
                ("message_id", models.CharField(max_length=100, null=True, unique=True)),
                ("wanted_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("sent_at", models.DateTimeField(null=True)),
                ("bounced_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("seen_by", models.CharField(blank=True, max_length=254)),
                (
                    "place",
                    models.PositiveIntegerField(help_text="in its batch, from 1", null=True),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="billing.invoice",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="billing.printbatch",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="bankentry",
            index=models.Index(
                condition=models.Q(("state", "new")), fields=["id"], name="bank_entry_new"
            ),
        ),
        migrations.AddIndex(
            model_name="bankentry",
            index=models.Index(fields=["state", "-booked_on", "-id"], name="bank_entry_by_state"),
        ),
        migrations.AddIndex(
            model_name="bankentry",
            index=models.Index(
                condition=models.Q(("end_to_end", ""), _negated=True),
                fields=["end_to_end"],
                name="bank_entry_end_to_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="bank_entry_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ignored"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="bank_entry_ignored_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), _negated=True),
                    models.Q(("mismatch", ""), _negated=True),
                    _connector="OR",
                ),
                name="bank_entry_waits_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentreversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="reversal_with_reason"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "queued")),
                fields=["way", "due_at"],
                name="delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "bounced")),
                fields=["address"],
                name="delivery_bounced",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("seen_at__isnull", True), ("state__in", ["failed", "bounced"])
                ),
                fields=["-id"],
                name="delivery_troubled",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("invoice", "level", "way"), name="delivery_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("batch", "place"), name="delivery_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), ("way", "print"), _negated=True),
                    models.Q(("batch__isnull", False), ("place__isnull", False)),
                    _connector="OR",
                ),
                name="delivery_printed_in_a_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("way", "print"), models.Q(("address", ""), _negated=True), _connector="OR"
                ),
                name="delivery_mailed_to_somebody",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        audit.track("billing_banklayout", label="billing.BankLayout", name="name"),
        audit.track("billing_bankfile", label="billing.BankFile", name="name"),
        audit.track(
            "billing_bankentry",
            label="billing.BankEntry",
            name="key",
            changes=("UPDATE", "DELETE", "TRUNCATE"),
        ),
        audit.track("billing_paymentreversal", label="billing.PaymentReversal", name="payment_id"),
        audit.track("billing_printbatch", label="billing.PrintBatch", name="id", hidden=("pdf",)),
    ]
