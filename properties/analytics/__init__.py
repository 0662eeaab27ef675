"""Prices, trends, forecasts and anomalies from transactions and adverts. Pure Python; nothing heavy at import."""
