"""Why one object stood as it did at an instant: the controllers' decisions, taken again from what was recorded."""
