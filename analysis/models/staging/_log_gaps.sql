-- One place in a log behind which lines may be missing: the recorder could not have them, or they cannot be read.
with log_streams as (
    select distinct stream from logs
),

lost as (
    select unnest([first_seq, last_seq]) as seq
    from part.lost_rows
)

select
    stream,
    seq
from coverage
where starts_with(stream, 'log/')
    and state != 'synced'
    -- Of a stream without notes nothing is known; it is no gap.
    and stream in (select stream from streams)
union
select
    log_streams.stream,
    lost.seq
from log_streams
cross join lost
where lost.seq is not null
