"""Photos of adverts: fetched politely, hashed, compared; and text read from pictures where a reader is installed."""
