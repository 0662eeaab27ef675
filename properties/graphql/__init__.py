"""GraphQL of the listing manager."""
