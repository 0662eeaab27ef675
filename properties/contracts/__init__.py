"""Deals on their way to the contract: a checklist by property type and trade, with the law behind each item."""
