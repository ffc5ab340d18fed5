-- One stretch of the time from $begin to $end, or that instant where both are the same, in which nothing is known of one
-- source, though the worlds are made of it; and why, where a note says. $node: null for all nodes.
with needed (source, place) as (
    select
        unnest(['pods', 'persistentvolumeclaims', 'persistentvolumes', 'volumeattachments', 'nodes', 'csidrivers']),
        null
    union all
    select distinct 'kubelet', node
    from uses
    where node is not null and ($node::varchar is null or node = $node)
),

reasons as (
    select regexp_extract(stream, '[^/]+$') as source, begins_at, ends_at, why
    from coverage
    where not starts_with(stream, 'log/')
),

-- Where it may change whether a source is watched, or why not.
edges as (
    select needed.source, needed.place, unnest([watched.begins_at, watched.ends_at + interval 1 microsecond]) as from_at
    from needed
    join _watched as watched
        on watched.source = needed.source
        and (needed.place is null or watched.place = needed.place)
    union
    select needed.source, needed.place, unnest([reasons.begins_at, reasons.ends_at])
    from needed
    join reasons on reasons.source = needed.source
    union
    select source, place, $begin::timestamptz
    from needed
),

stretches as (
    select
        source,
        place,
        from_at,
        lead(from_at) over (partition by source, place order by from_at) as until
    from edges
    where from_at >= $begin and (from_at = $begin or from_at < $end)
)

select
    stretches.source,
    stretches.place,
    stretches.from_at as since,
    stretches.until,
    any_value(reasons.why) as why
from stretches
left join reasons
    on reasons.source = stretches.source
    and reasons.begins_at <= stretches.from_at
    and (reasons.ends_at is null or reasons.ends_at > stretches.from_at)
where not exists (
        from _watched as watched
        where watched.source = stretches.source
            and (stretches.place is null or watched.place = stretches.place)
            and watched.begins_at <= stretches.from_at
            and watched.ends_at >= stretches.from_at
    )
group by all
order by stretches.source, stretches.place, stretches.from_at
