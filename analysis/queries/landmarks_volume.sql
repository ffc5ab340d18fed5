-- One observation of an object of a volume ($volume_id): its PersistentVolume, claims, attachments, the pods that used
-- it, and the Events about them.
with uids as (
    select pv_uid as uid from volumes where volume_id = $volume_id
    union
    select claim_uid from volumes where volume_id = $volume_id
    union
    select claim_uid from volume_claims where volume_id = $volume_id
    union
    select unnest([pod_uid, attachment_uid]) from uses where volume_id = $volume_id
)

select observed_at, seq
from objects
where coalesce(involved_uid, uid) in (select uid from uids where uid is not null)
order by observed_at, seq
