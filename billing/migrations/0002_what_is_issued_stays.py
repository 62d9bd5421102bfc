"""The database refuses to change an issued invoice, its lines, intervals, events and notes."""

from django.db import migrations

from segs_site.lib import audit

FORWARD = """
CREATE FUNCTION refuse_change_of_issued() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE issued boolean;
BEGIN
    issued := CASE TG_TABLE_NAME
        WHEN 'billing_invoice' THEN (to_jsonb(OLD) ->> 'issued_at') IS NOT NULL
        WHEN 'billing_invoiceline' THEN EXISTS (
            SELECT 1 FROM billing_invoice i
            WHERE i.id = (to_jsonb(coalesce(OLD, NEW)) ->> 'invoice_id')::bigint
              AND i.issued_at IS NOT NULL)
        ELSE EXISTS (
            SELECT 1 FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id
            WHERE l.id = (to_jsonb(coalesce(OLD, NEW)) ->> 'line_id')::bigint
              AND i.issued_at IS NOT NULL)
    END;
    IF issued THEN
        RAISE EXCEPTION 'an issued invoice is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER issued_once BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued();
CREATE TRIGGER issued_once BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued();
CREATE TRIGGER issued_once BEFORE UPDATE OR DELETE ON billing_asbilled
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued();

CREATE FUNCTION refuse_more_of_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows n
               JOIN billing_invoiceline l ON l.id = n.line_id
               JOIN billing_invoice i ON i.id = l.invoice_id WHERE i.issued_at IS NOT NULL) THEN
        RAISE EXCEPTION 'an issued invoice is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER issued_no_more AFTER INSERT ON billing_asbilled
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_more_of_issued();

CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is booked is never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER booked_once BEFORE UPDATE OR DELETE ON billing_invoiceevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER booked_once BEFORE UPDATE OR DELETE ON billing_creditnote
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER booked_once BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();
"""

BACKWARD = """
DROP TRIGGER booked_once ON billing_payment;
DROP TRIGGER booked_once ON billing_creditnote;
DROP TRIGGER booked_once ON billing_invoiceevent;
DROP FUNCTION refuse_change_of_record();
DROP TRIGGER issued_no_more ON billing_asbilled;
DROP FUNCTION refuse_more_of_issued();
DROP TRIGGER issued_once ON billing_asbilled;
DROP TRIGGER issued_once ON billing_invoiceline;
DROP TRIGGER issued_once ON billing_invoice;
DROP FUNCTION refuse_change_of_issued();
"""


class Migration(migrations.Migration):
    """Whatever path a change takes: issued is issued, booked is booked."""

    dependencies = [
        ("billing", "0001_invoices_runs_and_receipts"),
        ("lib", "0003_audit_trail"),
    ]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        audit.track(
            "billing_invoice",
            label="billing.Invoice",
            name="number",
            ignored=("parties", "sections"),
            changes=("UPDATE", "DELETE", "TRUNCATE"),
        ),
        audit.track("billing_invoiceevent", label="billing.InvoiceEvent", name="state"),
        audit.track("billing_creditnote", label="billing.CreditNote", name="number"),
        audit.track("billing_payment", label="billing.Payment", name="reference"),
        audit.track("billing_dispute", label="billing.Dispute", name="state"),
        audit.track(
            "billing_billingterms",
            label="billing.BillingTerms",
            name="account_id",
            key="account_id",
        ),
        audit.track("billing_billrun", label="billing.BillRun", name="day"),
        audit.track(
            "billing_billexception",
            label="billing.BillException",
            name="trouble",
            changes=("UPDATE", "DELETE", "TRUNCATE"),
        ),
    ]
