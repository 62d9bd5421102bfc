"""What banks say of money: their files read, and whose a payment may be."""
