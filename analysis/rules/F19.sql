-- title: the VolumeAttachment cannot go
-- step: detach
-- severity: error
-- sentence: The volume {volume} is not detached from {node}: {why}
-- symptom: The VolumeAttachment has a deletionTimestamp, its finalizer stays, detachError repeats; no Event tells of
--   it. A pod on another node gets a Multi-Attach error, the PersistentVolume may stay Terminating.
-- cause: The driver answers an error instead of OK (the machine is gone, the backend is busy), the PersistentVolume
--   or CSINode is no longer there, or no attacher is at work.
-- advice: Mend what detachError names; ask the backend whether the volume is still attached. To remove the finalizer
--   by hand is to claim that it is not: a double attach can follow.
-- look-alikes: Less than a minute without a detachError is normal; a driver that answers after one error is not
--   stuck.
-- needs: volumeattachments
-- echo of: F34 by volume, F30 by driver

-- `pkg/controller/csi_handler.go` of the external-attacher, syncDetach: the finalizer goes once the driver says OK.
with deleting as (
    select
        uid as attachment_uid,
        min(observed_at) as from_at,
        count(distinct detach_error_at) as attempts,
        arg_max(detach_error, seq) filter (detach_error is not null) as error,
        min(seq) as first_seq,
        max(seq) filter (detach_error is not null) as error_seq
    from objects
    where kind = 'VolumeAttachment'
        and deletion_requested_at is not null
        and type not in ('DELETED', 'VANISHED')
    group by uid
),

judged as (
    select
        _attachments.*,
        deleting.* exclude (attachment_uid, first_seq),
        list_filter([deleting.first_seq, deleting.error_seq], lambda each: each is not null) as evidence,
        coalesce(_attachments.ended_at, _span.last_at) - deleting.from_at as lasted
    from deleting
    join _attachments using (attachment_uid)
    cross join _span
)

select
    volume_id,
    null as use_id,
    node,
    driver,
    from_at,
    ended_at as to_at,
    if(error is null, 'likely', 'certain') as confidence,
    evidence,
    {
        volume: volume_name,
        node: node,
        why: if(
            error is null,
            'no attacher has answered to the deletion of its VolumeAttachment.',
            concat('the last of ', attempts, ' errors was ', error)
        )
    } as details
from judged
where (error is not null and lasted >= interval 5 seconds) or lasted >= interval 1 minute
