"""The database refuses to change a decided price, or a policy that has decided one."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_change_of_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a decided price is never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER decided_once BEFORE UPDATE OR DELETE ON tariffs_regionprice
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_price();

CREATE FUNCTION refuse_change_of_used_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tariffs_regionprice WHERE policy_id = OLD.id) THEN
        RAISE EXCEPTION 'a policy that has decided a price is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER used_once BEFORE UPDATE OR DELETE ON tariffs_pricingpolicy
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_used_policy();
"""

BACKWARD = """
DROP TRIGGER used_once ON tariffs_pricingpolicy;
DROP FUNCTION refuse_change_of_used_policy();
DROP TRIGGER decided_once ON tariffs_regionprice;
DROP FUNCTION refuse_change_of_price();
"""


class Migration(migrations.Migration):
    """Prices stand, whatever path a change takes."""

    dependencies = [("tariffs", "0003_prices_of_regions")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
