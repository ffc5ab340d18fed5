-- One phase as a sample of how long its kind takes, of the volumes and the time that are asked for ($...: null for all).
with subjects as (
    select
        phases.*,
        volumes.storage_class,
        volumes.driver,
        coalesce(volumes.claim_namespace, uses.namespace) as namespace,
        coalesce(uses.node, attachments.node) as node
    from phases
    left join _volumes as volumes using (volume_id)
    left join uses using (use_id)
    left join _attachments as attachments on attachments.attachment_uid = phases.attachment_uid
),

places as (
    select direction, milestone as from_milestone, min(if(scope = 'use', 100, 0) + position) as place
    from _links
    group by all
)

select
    direction,
    link,
    phase,
    owner,
    case $by::varchar
        when 'class' then storage_class
        when 'driver' then driver
        when 'node' then node
        when 'namespace' then namespace
    end as grp,
    coalesce(duration_us, shortest_us) as duration_us,
    -- What began before the recording, is still open or was given up has taken longer than was seen.
    state = 'done' and not left_censored and not right_censored and duration_us is not null as is_complete,
    longest_us - shortest_us as precision_us,
    -- Where in the chain the step begins.
    places.place,
    subjects.volume_id,
    subjects.use_id,
    subjects.begins_at,
    -- The row that shows how it began; null where it was not seen.
    subjects.evidence_from as evidence
from subjects
left join places using (direction, from_milestone)
where coalesce(duration_us, shortest_us) is not null
    and state != 'contradiction'
    and ($namespace::varchar is null or namespace = $namespace)
    and ($storage_class::varchar is null or storage_class = $storage_class)
    and ($driver::varchar is null or driver = $driver)
    and ($node::varchar is null or node = $node)
    and ($phase::varchar is null or phase = $phase or link = $phase)
    and ($begin::timestamptz is null or begins_at >= $begin)
    and ($end::timestamptz is null or begins_at < $end)
