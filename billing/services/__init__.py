"""Changes of bills: drafts, issues, payments, disputes, runs."""
