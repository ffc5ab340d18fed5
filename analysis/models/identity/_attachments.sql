-- One life of one VolumeAttachment, with what its last known version says and the volume that it attaches.
with attachments as (
    from _lives
    where kind = 'VolumeAttachment'
),

-- The latest PV with that name. The attach/detach controller makes the attachment's own name of the volume's handle,
-- the driver and the node (`pkg/volume/csi/csi_attacher.go`, getAttachmentName): that proves the volume, even one whose
-- PV was deleted by force before. Without this proof the PV must have been there, and not be known to have another
-- handle.
attached as (
    select attachments.uid, arg_max(_pvs.pv_uid, _pvs.from_position) as pv_uid
    from attachments
    join _pvs on _pvs.name = attachments.volume_name and _pvs.from_position <= attachments.first_position
    where attachments.name = 'csi-' || sha256(_pvs.volume_handle || attachments.driver || attachments.node)
        or (
            (_pvs.to_position is null or _pvs.to_position > attachments.first_position)
            and not (_pvs.driver is not null and regexp_full_match(attachments.name, 'csi-[0-9a-f]{64}'))
        )
    group by attachments.uid
)

select
    attachments.uid as attachment_uid,
    attachments.name,
    attachments.first_seq,
    attachments.first_observed_at,
    attachments.first_type,
    attachments.first_position,
    attachments.from_position,
    attachments.to_position,
    attachments.created_at,
    attachments.deletion_requested_at,
    attachments.deletion_position,
    attachments.ended_seq,
    attachments.ended_at,
    attachments.ended_by,
    attachments.driver,
    attachments.node,
    attachments.volume_name,
    attachments.attached,
    attachments.attach_error,
    attachments.detach_error,
    -- Null where its PV is not in the trace.
    attached.pv_uid as volume_id
from attachments
left join attached on attached.uid = attachments.uid
