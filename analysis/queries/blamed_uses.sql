-- One stretch of a use's way up or down, with the pod and the volume of the use; $use_ids: null for all uses.
with wanted as (
    from blame
    where $use_ids::varchar[] is null or list_contains($use_ids::varchar[], use_id)
),

ways as (
    select use_id, volume_id, direction, max(ends_at) as until
    from wanted
    group by use_id, volume_id, direction
),

-- Of the phases of the volume itself those count that the way ends in.
way_phases as (
    select ways.use_id, ways.direction, phases.state
    from ways
    join phases on phases.use_id = ways.use_id and phases.direction = ways.direction
    union all
    select ways.use_id, ways.direction, phases.state
    from ways
    join phases
        on phases.use_id is null
        and phases.volume_id = ways.volume_id
        and phases.direction = ways.direction
        and phases.seen_until = ways.until
),

outcomes as (
    select
        use_id,
        direction,
        case
            when bool_or(state = 'open') then 'open'
            when bool_or(state = 'abandoned') then 'abandoned'
            else 'done'
        end as way_state
    from way_phases
    group by use_id, direction
)

select
    wanted.*,
    outcomes.way_state,
    uses.pod_uid,
    uses.namespace,
    uses.pod,
    uses.node,
    coalesce(volumes.label, uses.claim_name) as volume
from wanted
join uses using (use_id)
left join _volumes as volumes on volumes.volume_id = uses.volume_id
left join outcomes on outcomes.use_id = wanted.use_id and outcomes.direction = wanted.direction
where ($begin::timestamptz is null or wanted.ends_at is null or wanted.ends_at >= $begin)
    and ($end::timestamptz is null or wanted.begins_at < $end)
order by uses.first_seq, wanted.use_id, wanted.direction desc, wanted.position
