-- One version of a claim in which a milestone of its volume is first seen.
with lives as (
    select
        claim_uid,
        min(seq) as first_seq,
        min(seq) filter (storage_class is null) as classless_seq,
        min(seq) filter (storage_class is not null) as class_seq,
        min(seq) filter (selected_node is not null) as node_seq,
        min(seq) filter (provisioner is not null) as requested_seq,
        min(seq) filter (phase = 'Bound') as bound_seq,
        min(seq) filter (deletion_requested_at is not null) as deletion_seq,
        min(seq) filter (is_gone) as ended_seq,
        min(created_at) as created_at,
        min(deletion_requested_at) as deletion_requested_at
    from _claim_versions
    group by claim_uid
),

sightings as (
    select
        claim_uid,
        first_seq,
        'claim_created' as milestone,
        first_seq as seq,
        'new' as source,
        created_at as stamped_at,
        'metadata.creationTimestamp' as stamp_source
    from lives
    union all by name
    select claim_uid, first_seq, 'class_assigned' as milestone, class_seq as seq, 'spec.storageClassName' as source
    from lives
    where class_seq > classless_seq
    union all by name
    select
        claim_uid,
        first_seq,
        'node_selected' as milestone,
        node_seq as seq,
        'volume.kubernetes.io/selected-node' as source
    from lives
    union all by name
    select
        claim_uid,
        first_seq,
        'provision_requested' as milestone,
        requested_seq as seq,
        'volume.kubernetes.io/storage-provisioner' as source
    from lives
    union all by name
    select claim_uid, first_seq, 'claim_bound' as milestone, bound_seq as seq, 'status.phase' as source
    from lives
    union all by name
    select
        claim_uid,
        first_seq,
        'claim_deletion_asked' as milestone,
        deletion_seq as seq,
        'metadata.deletionTimestamp' as source,
        deletion_requested_at as stamped_at,
        'metadata.deletionTimestamp' as stamp_source
    from lives
    union all by name
    select claim_uid, first_seq, 'claim_gone' as milestone, ended_seq as seq, 'deletion' as source
    from lives
)

select
    milestone,
    _claim_volumes.volume_id,
    null::varchar as use_id,
    null::varchar as attachment_uid,
    _claim_volumes.occurrence,
    seq,
    first_seq,
    'PersistentVolumeClaim ' || source as source,
    stamped_at,
    'server' as stamp_clock,
    'PersistentVolumeClaim ' || stamp_source as stamp_source
from sightings
join _claim_volumes using (claim_uid)
where seq is not null
