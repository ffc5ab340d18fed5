-- One of $stretches equal stretches of the trace in which rows arrived, and how many.
with arrived as (
    select observed_at from objects
    union all
    select observed_at from logs
)

select
    least(
        floor(date_diff('microsecond', $begin, observed_at) * $stretches / greatest(date_diff('microsecond', $begin, $end), 1)),
        $stretches - 1
    )::integer as stretch,
    count(*) as rows
from arrived
group by stretch
order by stretch
