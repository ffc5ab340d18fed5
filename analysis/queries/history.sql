-- One thing that happened: an observation, or the recorder's note that a stream was interrupted. In the order of the trace.
select
    seq,
    observed_at,
    stream,
    type,
    kind,
    namespace,
    name,
    -- The note's reason; null for an observation.
    null as detail
from objects
union all
select
    seq,
    observed_at,
    stream,
    upper(what) as type,
    null as kind,
    null as namespace,
    null as name,
    coalesce(detail, '') as detail
from streams
where what in ('gap', 'rewound', 'forbidden', 'failed')
order by seq
