-- One signal that an API object gives of a milestone: the arrival of the version that shows it, or the stamp in it.
with seen as (
    select _sightings.*, objects.observed_at, objects.type, objects.stream
    from _sightings
    join objects on objects.seq = _sightings.seq
),

gaps as (
    select stream, seq, begins_at, starts_with(why, 'rewound') as is_rewound
    from coverage
    where state = 'gap'
),

-- After an interruption the server sends what happened meanwhile, all at once.
resumptions as (
    select stream, seq, observed_at + interval 10 seconds as caught_up_at, certain_at
    from (
        select stream, seq, what, observed_at, lag(observed_at) over (partition by stream order by seq) as certain_at
        from streams
        where what in ('synced', 'relisted', 'resumed', 'bookmark')
    )
    where what = 'resumed'
),

server as (
    select to_microseconds(watch_delay_us) as watch_delay
    from clocks
    where clock = 'server'
),

arrivals as (
    select
        seen.*,
        case
            when is_report then null
            when type in ('ADDED', 'MODIFIED', 'DELETED') and seen.observed_at < caught_up_at
                then resumptions.certain_at - watch_delay
            when type in ('ADDED', 'MODIFIED', 'DELETED') then seen.observed_at - watch_delay
            -- Listed again after a gap: it changed since the stream was last certain, or is new. A restored server may
            -- list for the first time what is old.
            when seen.seq != seen.first_seq or not is_rewound then gaps.begins_at - watch_delay
        end as earliest
    from seen
    left join server on true
    asof left join gaps on gaps.stream = seen.stream and seen.seq >= gaps.seq
    asof left join resumptions on resumptions.stream = seen.stream and seen.seq >= resumptions.seq
)

select
    milestone,
    volume_id,
    use_id,
    attachment_uid,
    node,
    driver,
    occurrence,
    if(is_report is null and type in ('ADDED', 'MODIFIED', 'DELETED'), observed_at, null) as told_at,
    earliest,
    observed_at as latest,
    'recorder' as clock,
    source,
    2 as rank,
    seq
from arrivals
union all by name
select
    milestone,
    volume_id,
    use_id,
    attachment_uid,
    occurrence,
    stamped_at + to_microseconds(offset_us + 500000) as told_at,
    stamped_at + to_microseconds(offset_us - error_us) as earliest,
    stamped_at + to_microseconds(offset_us + 1000000) as latest,
    stamp_clock as clock,
    stamp_source as source,
    3 as rank,
    seq
from seen
join clocks on clocks.clock = seen.stamp_clock and clocks.known
where stamped_at is not null
