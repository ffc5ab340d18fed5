-- One name under which log lines speak of the volume $volume: the volume's own, its claim's, its VolumeAttachments'.
with named as (
    select
        uid as volume_id,
        name as pv,
        volume_handle,
        claim_uid,
        claim_namespace || '/' || claim_name as claim,
        claim_name
    from objects
    where kind = 'PersistentVolume'
    union all
    select null, volume_name, null, uid, namespace || '/' || name, name
    from objects
    where kind = 'PersistentVolumeClaim'
),

chosen as (
    select distinct pv, volume_handle, claim_uid, claim
    from named
    where $volume in (volume_id, pv, volume_handle, claim_uid, claim, claim_name)
),

names as (
    select unnest([pv, volume_handle, claim_uid, claim]) as name
    from chosen
    union
    select attachments.name
    from objects as attachments
    join chosen on chosen.pv = attachments.volume_name
    where attachments.kind = 'VolumeAttachment'
    union
    select $volume
)

select name
from names
where name is not null
