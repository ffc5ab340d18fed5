-- One source of which nothing is known at the instant $at, though the worlds are made of it; and why, where a note says.
with needed (source, place) as (
    select
        unnest(['pods', 'persistentvolumeclaims', 'persistentvolumes', 'volumeattachments', 'nodes', 'csidrivers']),
        null
    union all
    select distinct 'kubelet', node
    from uses
    where node is not null and ($node::varchar is null or node = $node)
),

watched as (
    select source, place
    from _watched
    where begins_at <= $at and ends_at >= $at
),

reasons as (
    select regexp_extract(stream, '[^/]+$') as source, any_value(why) as why
    from coverage
    where begins_at <= $at and (ends_at is null or ends_at > $at) and not starts_with(stream, 'log/')
    group by source
)

select needed.source, needed.place, reasons.why
from needed
left join reasons on reasons.source = needed.source
where not exists (
        from watched
        where watched.source = needed.source and (needed.place is null or watched.place = needed.place)
    )
order by needed.source, needed.place
