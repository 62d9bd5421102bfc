"""Audits people, customers, keys, meters, the network and plans.

What is measured (readings, windows, newest values, marks) and what processes note of themselves
is no change of anybody's, and has no trigger: the hot path pays nothing.
"""

from django.db import migrations

from segs_site.lib import audit


class Migration(migrations.Migration):
    """Each table with the column that people know a row by."""

    dependencies = [
        ("accounts", "0003_people_and_their_proofs"),
        ("grid", "0001_initial"),
        ("lib", "0003_audit_trail"),
        ("meters", "0003_file_made_at"),
        ("tariffs", "0004_decided_prices_stay"),
    ]
    operations = [
        audit.track(
            "accounts_user",
            label="accounts.User",
            name="email",
            hidden=["password"],
            ignored=["last_login"],  # the sign-in itself changes nothing
        ),
        audit.track(
            "accounts_totp",
            label="accounts.Totp",
            name="user_id",
            key="user_id",
            hidden=["secret"],
            ignored=["last_step"],  # of each use of a code
        ),
        audit.track(
            "accounts_passkey",
            label="accounts.Passkey",
            name="name",
            hidden=["credential", "credential_id"],
            ignored=["uses", "used_at"],
        ),
        audit.track(
            "accounts_recoverycode",
            label="accounts.RecoveryCode",
            name="user_id",
            hidden=["digest"],
        ),
        audit.track("accounts_customer", label="accounts.Customer", name="code"),
        audit.track("accounts_customeraccount", label="accounts.CustomerAccount", name="number"),
        audit.track("accounts_serviceagreement", label="accounts.ServiceAgreement", name="id"),
        audit.track(
            "accounts_apikey",
            label="accounts.ApiKey",
            name="name",
            hidden=["sha256"],
            ignored=["last_used_at"],
        ),
        audit.track("grid_region", label="grid.Region", name="code"),
        audit.track("grid_regioncapacity", label="grid.RegionCapacity", name="region_id"),
        audit.track("grid_substation", label="grid.Substation", name="code"),
        audit.track("grid_feeder", label="grid.Feeder", name="code"),
        audit.track("grid_transformer", label="grid.Transformer", name="code"),
        audit.track("meters_servicepoint", label="meters.ServicePoint", name="code"),
        audit.track("meters_meter", label="meters.Meter", name="serial"),
        audit.track("meters_meterinstallation", label="meters.MeterInstallation", name="meter_id"),
        audit.track(
            "meters_quarantinedreading",
            label="meters.QuarantinedReading",
            name="serial",
            changes=["UPDATE", "DELETE"],  # the stream adds them, a person decides on them
        ),
        audit.track("tariffs_rateplan", label="tariffs.RatePlan", name="code"),
        audit.track("tariffs_pricingpolicy", label="tariffs.PricingPolicy", name="version"),
        audit.track("tariffs_priceoverride", label="tariffs.PriceOverride", name="reason"),
    ]
