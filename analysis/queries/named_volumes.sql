-- One volume that $name means, most certain first: by an id, by a full name, by a name without its namespace.
with names as (
    select volume_id, 1 as certainty, unnest([volume_id, pv_name, volume_handle, label]) as name
    from _volumes
    union all
    select volume_id, 1, unnest([claim_uid, concat(claim_namespace, '/', claim_name)])
    from volume_claims
    union all
    select volume_id, 2, unnest([pod_uid, concat(namespace, '/', pod), use_id])
    from uses
    union all
    select volume_id, 3, claim_name
    from volume_claims
    union all
    select volume_id, 4, pod
    from uses
),

matching as (
    select volume_id, min(certainty) as certainty
    from names
    where name = $name and volume_id is not null
    group by volume_id
)

select
    volumes.volume_id,
    volumes.label,
    volumes.pv_name,
    volumes.first_observed_at,
    volumes.ended_at
from matching
join _volumes as volumes using (volume_id)
where matching.certainty = (select min(certainty) from matching)
order by volumes.first_observed_at, volumes.volume_id
