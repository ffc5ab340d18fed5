"""The failure modes that a trace is searched for: one SQL file a rule, its header says what it is about."""
