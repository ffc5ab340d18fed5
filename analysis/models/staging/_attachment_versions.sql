-- One version of one VolumeAttachment, or the notice that it went away.
select
    uid as attachment_uid,
    name,
    seq,
    observed_at,
    type,
    type in ('DELETED', 'VANISHED') as is_gone,
    created_at,
    deletion_requested_at,
    driver,
    node,
    attached,
    attach_error,
    attach_error_at,
    detach_error,
    detach_error_at
from objects
where kind = 'VolumeAttachment'
