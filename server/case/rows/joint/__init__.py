"""Tasks of units, as rows."""
