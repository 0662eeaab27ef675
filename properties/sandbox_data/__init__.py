"""The invented world of the sandbox: adverts in each platform's shape, and transactions from the real sample."""
