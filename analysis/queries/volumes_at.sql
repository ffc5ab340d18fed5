-- One volume and what went on with it at $at: the step that had begun last and not ended, or that there was none.
with going_on as (
    select volume_id, arg_max(phase, begins_at) as phase
    from phases
    where begins_at <= $at
        and (ends_at > $at or (ends_at is null and seen_until >= $at))
        and state != 'contradiction'
    group by volume_id
)

select
    volumes.volume_id,
    case
        when volumes.first_observed_at > $at then if(volumes.first_type = 'LISTED', 'unknown', 'not yet')
        when volumes.ended_at <= $at then 'gone'
        else coalesce(going_on.phase, '-')
    end as doing
from volumes
left join going_on using (volume_id)
