-- One volume with the nodes of its uses and its namespace, those that wait the longest first, then those with the slowest phase.
with used as (
    select
        volume_id,
        coalesce(list(distinct node order by node) filter (node is not null), []) as nodes,
        any_value(namespace) as namespace
    from uses
    group by volume_id
)

select
    volumes.*,
    coalesce(used.nodes, []) as nodes,
    -- An inline volume has no claim: it is in its pod's.
    coalesce(volumes.claim_namespace, used.namespace) as namespace
from volumes
left join used using (volume_id)
where ($begin::timestamptz is null or volumes.ended_at is null or volumes.ended_at >= $begin)
    and ($end::timestamptz is null or volumes.first_observed_at < $end)
order by volumes.waiting_us desc nulls last, volumes.slowest_us desc nulls last, volumes.volume_id
