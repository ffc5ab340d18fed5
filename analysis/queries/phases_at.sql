-- One phase that was going on at $at: of the volumes of the claim, or of the uses of the pod, or of the volume or
-- attachment with $uid.
with volume_ids as (
    select volume_id from volume_claims where claim_uid = $uid
    union
    select $uid
)

select phases.*
from phases
left join uses using (use_id)
where (
        (phases.use_id is null and phases.volume_id in (from volume_ids))
        or uses.pod_uid = $uid
        or phases.attachment_uid = $uid
    )
    and phases.begins_at <= $at
    and (phases.ends_at > $at or (phases.ends_at is null and phases.seen_until >= $at))
    and phases.state != 'contradiction'
order by phases.begins_at desc, phases.evidence_from desc
