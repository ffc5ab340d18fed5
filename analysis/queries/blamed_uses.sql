-- One stretch of a use's way up or down, with the pod and the volume of the use; $use_ids: null for all uses.
select
    blame.*,
    uses.namespace,
    uses.pod,
    uses.node,
    coalesce(volumes.claim_namespace || '/' || volumes.claim_name, volumes.pv_name, uses.claim_name) as volume
from blame
join uses using (use_id)
left join _volumes as volumes on volumes.volume_id = uses.volume_id
where ($use_ids::varchar[] is null or list_contains($use_ids::varchar[], blame.use_id))
    and ($begin::timestamptz is null or blame.ends_at is null or blame.ends_at >= $begin)
    and ($end::timestamptz is null or blame.begins_at < $end)
order by uses.first_seq, blame.use_id, blame.direction desc, blame.position
