"""How stages run, and what they share."""
