"""One module per change of the tables, applied in order by Alembic."""
