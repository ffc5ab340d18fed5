-- One version of a VolumeAttachment in which a milestone of it is first seen.
with lives as (
    select
        attachment_uid,
        min(seq) as first_seq,
        min(seq) filter (attached) as attached_seq,
        min(seq) filter (deletion_requested_at is not null) as deletion_seq,
        min(seq) filter (is_gone) as ended_seq,
        min(created_at) as created_at,
        min(deletion_requested_at) as deletion_requested_at
    from _attachment_versions
    group by attachment_uid
),

sightings as (
    select
        attachment_uid,
        first_seq,
        'attachment_created' as milestone,
        true as is_up,
        first_seq as seq,
        'new' as source,
        created_at as stamped_at,
        'metadata.creationTimestamp' as stamp_source
    from lives
    union all by name
    select
        attachment_uid,
        first_seq,
        'attached' as milestone,
        true as is_up,
        attached_seq as seq,
        'status.attached' as source
    from lives
    union all by name
    select
        attachment_uid,
        first_seq,
        'attachment_deletion_asked' as milestone,
        false as is_up,
        deletion_seq as seq,
        'metadata.deletionTimestamp' as source,
        deletion_requested_at as stamped_at,
        'metadata.deletionTimestamp' as stamp_source
    from lives
    union all by name
    select
        attachment_uid,
        first_seq,
        'attachment_gone' as milestone,
        false as is_up,
        ended_seq as seq,
        'deletion' as source
    from lives
)

select
    milestone,
    volume_id,
    if(is_up, caused_by, ended_by) as use_id,
    attachment_uid,
    1 as occurrence,
    seq,
    first_seq,
    'VolumeAttachment ' || source as source,
    stamped_at,
    'server' as stamp_clock,
    'VolumeAttachment ' || stamp_source as stamp_source
from sightings
join _attachment_uses using (attachment_uid)
where seq is not null
