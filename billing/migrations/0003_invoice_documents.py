"""A document for each issued invoice, drawn later by a worker and never changed again."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

FORWARD = """
-- A PDF is compressed as it is.
ALTER TABLE billing_invoicedocument ALTER COLUMN pdf SET STORAGE EXTERNAL;

CREATE FUNCTION refuse_change_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.drawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a document is served as it was drawn'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER drawn_once BEFORE UPDATE OR DELETE ON billing_invoicedocument
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_document();

INSERT INTO billing_invoicedocument (invoice_id, wanted_at, try_at, fault, language, sha256)
SELECT id, issued_at, issued_at, '', '', '' FROM billing_invoice WHERE issued_at IS NOT NULL;
"""

BACKWARD = """
DROP TRIGGER drawn_once ON billing_invoicedocument;
DROP FUNCTION refuse_change_of_document();
"""


class Migration(migrations.Migration):
    """Invoices that were issued before get their document like those to come."""

    dependencies = [("billing", "0002_what_is_issued_stays")]
    operations = [
        migrations.CreateModel(
            name="InvoiceDocument",
            fields=[
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="document",
                        serialize=False,
                        to="billing.invoice",
                    ),
                ),
                ("wanted_at", models.DateTimeField()),
                ("try_at", models.DateTimeField()),
                ("fault", models.CharField(blank=True, max_length=500)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("pdf", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("drawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(drawn_at__isnull=True),
                        fields=["try_at"],
                        name="invoice_document_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(drawn_at__isnull=True, pdf__isnull=True, sha256="")
                        | (Q(drawn_at__isnull=False, pdf__isnull=False, fault="") & ~Q(sha256="")),
                        name="invoice_document_whole_or_not_there",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
