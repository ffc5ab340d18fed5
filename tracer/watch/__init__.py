"""Following resource types: list, watch, resume, and the truth about what may have been missed."""
