-- One volume with the nodes of its uses, those that wait the longest first, then those with the slowest phase.
with nodes as (
    select volume_id, list(distinct node order by node) as nodes
    from uses
    where node is not null
    group by volume_id
)

select volumes.*, coalesce(nodes.nodes, []) as nodes
from volumes
left join nodes using (volume_id)
where ($begin::timestamptz is null or volumes.ended_at is null or volumes.ended_at >= $begin)
    and ($end::timestamptz is null or volumes.first_observed_at < $end)
order by volumes.waiting_us desc nulls last, volumes.slowest_us desc nulls last, volumes.volume_id
