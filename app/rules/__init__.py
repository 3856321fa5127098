"""Pure decisions on values: no database, no Flask, no clock (``now`` is always a parameter)."""
