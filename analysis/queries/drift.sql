-- One stretch of drift in the time from $begin to $end, or at that instant where both are the same; the longest first.
-- $node: null for all nodes.
select
    drift.*,
    coalesce(volumes.label, drift.volume_id) as volume,
    uses.namespace,
    uses.pod
from drift
left join _volumes as volumes on volumes.volume_id = drift.volume_id
left join uses on uses.use_id = drift.use_id
where (drift.from_at <= $begin or drift.from_at < $end)
    and (drift.to_at is null or drift.to_at > $begin)
    and ($node::varchar is null or drift.node = $node)
order by drift.since, volume, drift.world, drift.use_id, drift.from_at
