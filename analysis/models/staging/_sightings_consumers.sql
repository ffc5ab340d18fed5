-- One version of a pod in which the first consumer of a claim that waits for one is first seen; of the claim, where the
-- pod was there before it.
with delayed as (
    select claim_uid
    from _claims
    where storage_class in (
        select name from objects where kind = 'StorageClass' and binding_mode = 'WaitForFirstConsumer'
    )
    union
    select claim_uid
    from _claim_versions
    where selected_node is not null
),

consumers as (
    select
        claim_uid,
        arg_min(
            {
                seq: _pods.first_seq,
                created_at: _pods.created_at,
                type: _pods.first_type,
                position: _pods.first_position
            },
            _pods.first_position
        ) as pod
    from uses
    join _pods using (pod_uid)
    join delayed using (claim_uid)
    group by claim_uid
),

-- Of what was listed only the second of its creation is known, not the revision.
compared as (
    select
        claim_uid,
        pod,
        _claims.first_seq,
        _claims.created_at,
        if(
            pod.type = 'ADDED' and _claims.first_type = 'ADDED',
            pod.position > _claims.first_position,
            pod.created_at >= _claims.created_at
        ) as pod_is_later
    from consumers
    join _claims using (claim_uid)
)

select
    'first_consumer' as milestone,
    volume_id,
    null::varchar as use_id,
    null::varchar as attachment_uid,
    occurrence,
    if(pod_is_later, pod.seq, first_seq) as seq,
    if(pod_is_later, pod.seq, first_seq) as first_seq,
    if(pod_is_later, 'Pod new', 'PersistentVolumeClaim new') as source,
    if(pod_is_later, pod.created_at, created_at) as stamped_at,
    'server' as stamp_clock,
    if(pod_is_later, 'Pod', 'PersistentVolumeClaim') || ' metadata.creationTimestamp' as stamp_source
from compared
join _claim_volumes using (claim_uid)
