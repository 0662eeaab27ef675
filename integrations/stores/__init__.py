"""What workflows keep: values by key, and tables with typed columns, per workspace."""
