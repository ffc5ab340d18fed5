-- title: the volume does not get its VolumeAttributesClass
-- step: modify
-- severity: warning
-- sentence: The claim asks for the VolumeAttributesClass {wanted} and has {has}: {error}
-- symptom: VolumeModifyFailed; the claim's condition ModifyVolumeError, its status Infeasible or Pending. The volume
--   works on as it was.
-- cause: The class does not exist, or has a parameter that the driver does not know or cannot change.
-- advice: Make the class, or name another: going back to the one that the volume has always works.
-- look-alikes: Changing a size is F35.
-- needs: persistentvolumeclaims, events

-- external-resizer, `pkg/modifycontroller`.
with told as (
    select uid as claim_uid, seq, told_at, message as error
    from _complaints
    where kind = 'PersistentVolumeClaim' and reason = 'VolumeModifyFailed'
),

versions as (
    select
        uid as claim_uid,
        seq,
        observed_at,
        attributes_class,
        attributes_class_current,
        type in ('DELETED', 'VANISHED') as is_gone
    from objects
    where kind = 'PersistentVolumeClaim' and uid in (select claim_uid from told)
),

failures as (
    select
        told.claim_uid,
        versions.attributes_class as wanted,
        any_value(versions.attributes_class_current) as has,
        min(told.told_at) as from_at,
        arg_max(told.error, told.seq) as error,
        list(told.seq order by told.seq) as evidence
    from told
    asof join versions on versions.claim_uid = told.claim_uid and versions.seq <= told.seq
    where versions.attributes_class is distinct from versions.attributes_class_current
    group by told.claim_uid, versions.attributes_class
),

ends as (
    select failures.claim_uid, failures.wanted, min(versions.observed_at) as to_at
    from failures
    join versions
        on versions.claim_uid = failures.claim_uid
        and versions.seq > failures.evidence[1]
        and (
            versions.is_gone
            or versions.attributes_class is distinct from failures.wanted
            or versions.attributes_class_current = failures.wanted
        )
    group by failures.claim_uid, failures.wanted
)

select
    arg_max(_claim_volumes.volume_id, _claim_volumes.occurrence) as volume_id,
    null as use_id,
    null as node,
    null as driver,
    failures.from_at,
    ends.to_at,
    'certain' as confidence,
    failures.evidence,
    {wanted: failures.wanted, has: coalesce(failures.has, 'none'), error: failures.error} as details
from failures
join _claim_volumes using (claim_uid)
left join ends using (claim_uid, wanted)
group by all
