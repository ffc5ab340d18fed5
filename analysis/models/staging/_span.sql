-- One row: the time that the trace spans.
with rows as (
    select observed_at from objects
    union all
    select observed_at from logs
    union all
    select observed_at from streams
)

select min(observed_at) as first_at, max(observed_at) as last_at
from rows
