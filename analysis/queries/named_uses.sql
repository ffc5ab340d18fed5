-- One use that $name means: uses of one pod, or of one volume whose id is $volume_id.
select
    uses.*,
    coalesce(volumes.label, uses.claim_name) as volume
from uses
left join _volumes as volumes using (volume_id)
where (
        $name in (uses.use_id, uses.pod_uid, concat(uses.namespace, '/', uses.pod), uses.pod)
        or uses.volume_id = $volume_id
    )
order by uses.first_seq, uses.use_id
