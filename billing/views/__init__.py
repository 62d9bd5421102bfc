"""Pages of the billing clerk: runs and what he decides of them, invoices, what comes of those."""
