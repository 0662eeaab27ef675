"""SQL databases: PostgreSQL, MySQL and MariaDB."""

from integrations.connectors.sql.mysql import mysql
from integrations.connectors.sql.postgresql import postgresql

__all__ = ["mysql", "postgresql"]
