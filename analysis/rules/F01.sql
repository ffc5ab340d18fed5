-- title: no StorageClass, and no PersistentVolume fits
-- step: bind
-- severity: warning
-- sentence: The claim {why}, and no PersistentVolume fits it.
-- symptom: The claim is Pending; FailedBinding repeats at each resync.
-- cause: There is no default StorageClass, or the claim's storageClassName is "": no provisioner will make a volume
--   for it.
-- advice: Create a default StorageClass (a claim that names none takes it at once), or make a PersistentVolume that
--   fits the claim; a storageClassName of "" means that only such a one will do.
-- look-alikes: A class that is named and does not exist has ProvisioningFailed `storageclass ... not found`; a class
--   without a provisioner that answers is F03; a claim that names its PersistentVolume is F08.
-- needs: persistentvolumeclaims, events

-- `pkg/controller/volume/persistentvolume/pv_controller.go`, syncUnboundClaim.
with told as (
    select involved_uid as claim_uid, min(observed_at) as from_at, list(seq order by seq) as evidence
    from objects
    where kind = 'Event'
        and involved_kind = 'PersistentVolumeClaim'
        and reason = 'FailedBinding'
        and contains(message, 'no persistent volumes available for this claim and no storage class is set')
        and type not in ('DELETED', 'VANISHED')
    group by involved_uid
),

-- Until the claim is given a class, is bound, or is gone.
ends as (
    select objects.uid as claim_uid, min(objects.observed_at) as to_at
    from objects
    join told on told.claim_uid = objects.uid
    where objects.kind = 'PersistentVolumeClaim'
        and objects.observed_at > told.from_at
        and (
            objects.phase = 'Bound'
            or objects.type in ('DELETED', 'VANISHED')
            or objects.storage_class != ''
            or objects.volume_name is not null
        )
    group by objects.uid
)

select
    _claim_volumes.volume_id,
    null as use_id,
    null as node,
    null as driver,
    told.from_at,
    ends.to_at,
    'certain' as confidence,
    told.evidence,
    {
        why: if(
            _claims.storage_class = '',
            'says storageClassName "", so that none is made for it',
            'names no StorageClass, and there was no default one'
        )
    } as details
from told
join _claims using (claim_uid)
join _claim_volumes using (claim_uid)
left join ends using (claim_uid)
