"""Log lines: recognised, cleared of secrets, and taken apart into the columns of a trace."""
