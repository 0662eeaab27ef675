"""`CONTRACT_CONNECTORS=/a/folder` holds connectors outside the project to the same rules."""

import os

import integrations.connectors

if extra := os.environ.get("CONTRACT_CONNECTORS"):
    integrations.connectors.__path__ = [*integrations.connectors.__path__, extra]
