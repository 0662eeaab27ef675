"""The parts of the REST API that are about the whole product: its health, its load, and the pages that describe it."""
