-- One entry of a world in the time from $begin to $end, or at that instant where both are the same: a volume that was
-- wanted on a node, or stood there. $node: null for all nodes.
with entries as (
    select 'attach' as world, 'desired' as side, 'wanted' as standing, *
    from attach_desired
    union all by name
    select 'attach' as world, 'actual' as side, *
    from attach_actual
    union all by name
    select 'mount' as world, 'desired' as side, 'wanted' as standing, *
    from mount_desired
    union all by name
    select 'mount' as world, 'actual' as side, *
    from mount_actual
)

select
    entries.world,
    entries.side,
    entries.node,
    entries.volume_id,
    coalesce(volumes.label, entries.unique_name, entries.volume_id) as volume,
    entries.use_id,
    uses.namespace,
    uses.pod,
    entries.standing,
    entries.attached,
    entries.listed,
    entries.inferred,
    entries.last_error,
    entries.valid_from as since,
    entries.valid_to as until,
    entries.since_known,
    entries.seq_from as evidence
from entries
left join _volumes as volumes on volumes.volume_id = entries.volume_id
left join uses on uses.use_id = entries.use_id
where (entries.valid_from <= $begin or entries.valid_from < $end)
    and (entries.valid_to is null or entries.valid_to > $begin)
    and ($node::varchar is null or entries.node = $node)
order by entries.node, volume, entries.world, entries.side desc, entries.valid_from, entries.use_id
