-- One VolumeAttachment with the uses that it was made for: the one that caused it and the last that it served.
select
    attachment_uid,
    any_value(_attachments.volume_id) as volume_id,
    arg_min(use_id, uses.first_seq) filter (caused_attach) as caused_by,
    arg_max(use_id, uses.first_seq) filter (ended_attach) as ended_by
from _attachments
left join uses using (attachment_uid)
group by attachment_uid
