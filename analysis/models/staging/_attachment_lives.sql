-- One VolumeAttachment's life on the recorder's clock, for joining what names only volume and node: it is meant from
-- `begins_at` until `ends_at`, or the next one of the same volume and node.
select
    _attachments.attachment_uid,
    _attachments.volume_id,
    _attachments.node,
    if(
        _attachments.first_type = 'LISTED',
        '-infinity'::timestamptz,
        _attachments.first_observed_at - to_microseconds(coalesce(clocks.watch_delay_us, 0))
    ) as begins_at,
    coalesce(_attachments.ended_at, 'infinity'::timestamptz) as ends_at,
    _attachment_uses.caused_by,
    _attachment_uses.ended_by
from _attachments
join _attachment_uses using (attachment_uid)
left join clocks on clocks.clock = 'server'
