"""Alembic's folder: how event stores of older versions become those of this one."""
