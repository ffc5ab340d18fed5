-- One signal that an API object gives of a milestone: the arrival of the version that shows it, or the stamp in it.
with rows_seen as (
    select seq, observed_at, stream, type, type in ('ADDED', 'MODIFIED', 'DELETED') as is_live
    from objects
    where seq in (select seq from _sightings)
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

caught_up as (
    select rows_seen.seq, resumptions.certain_at
    from rows_seen
    asof join resumptions on resumptions.stream = rows_seen.stream and rows_seen.seq >= resumptions.seq
    where rows_seen.is_live and rows_seen.observed_at < resumptions.caught_up_at
),

-- Listed again after a gap: it changed since the stream was last certain, or is new.
listed_again as (
    select rows_seen.seq, gaps.begins_at, gaps.is_rewound
    from rows_seen
    asof join gaps on gaps.stream = rows_seen.stream and rows_seen.seq >= gaps.seq
    where not rows_seen.is_live
),

server as (
    select to_microseconds(watch_delay_us) as watch_delay
    from clocks
    where clock = 'server'
),

arrivals as (
    select
        _sightings.*,
        rows_seen.observed_at,
        rows_seen.is_live,
        case
            when is_report then null
            when caught_up.seq is not null then caught_up.certain_at - watch_delay
            when rows_seen.is_live then rows_seen.observed_at - watch_delay
            -- A restored server may list for the first time what is old.
            when _sightings.seq != _sightings.first_seq or not listed_again.is_rewound
                then listed_again.begins_at - watch_delay
        end as earliest
    from _sightings
    join rows_seen on rows_seen.seq = _sightings.seq
    left join server on true
    left join caught_up on caught_up.seq = _sightings.seq
    left join listed_again on listed_again.seq = _sightings.seq
)

select
    milestone,
    volume_id,
    use_id,
    attachment_uid,
    node,
    driver,
    occurrence,
    if(is_report is null and is_live, observed_at, null) as told_at,
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
from _sightings
join clocks on clocks.clock = _sightings.stamp_clock and clocks.known
where stamped_at is not null
