-- One pod using one volume. A claim that a pod names twice is used once.
with wanted as (
    select
        pod_uid,
        position,
        pod_volume.name as pod_volume,
        if(pod_volume.source = 'csi', 'inline', pod_volume.source) as source,
        pod_volume.claim_name as claim_name
    from _pods, unnest(pod_volumes) with ordinality as volumes(pod_volume, position)
),

used as (
    select
        pod_uid,
        source,
        claim_name,
        arg_min(wanted.pod_volume, position) as pod_volume
    from wanted
    group by pod_uid, source, claim_name, if(source = 'inline', wanted.pod_volume, null)
),

-- The claim that the name meant when the pod was placed on its node, or where that was later, when there was one; for a
-- pod that never was placed, the last. A scheduled pod's claim cannot be another's: it is protected from deletion.
meant as (
    select
        used.pod_uid,
        used.pod_volume,
        coalesce(
            arg_min(_claims.claim_uid, _claims.from_position)
                filter (_claims.to_position is null or _claims.to_position > _pods.scheduled_position),
            arg_max(_claims.claim_uid, _claims.from_position)
        ) as claim_uid
    from used
    join _pods on _pods.pod_uid = used.pod_uid
    join _claims
        on _claims.namespace = _pods.namespace
        and _claims.name = used.claim_name
        and (_pods.to_position is null or _claims.from_position < _pods.to_position)
        and (_claims.to_position is null or _claims.to_position > _pods.from_position)
    -- `staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go`, VolumeIsForPod
    where used.source = 'claim' or _claims.owner_uid = used.pod_uid
    group by used.pod_uid, used.pod_volume
),

-- A claim that was lost and bound again has had several volumes: the last that was there in the pod's time, or where
-- the claim was bound only after it, the first.
volumes as (
    select
        meant.pod_uid,
        meant.pod_volume,
        coalesce(
            arg_max(_pvs.pv_uid, _pvs.from_position)
                filter (_pods.to_position is null or _pvs.from_position < _pods.to_position),
            arg_min(_pvs.pv_uid, _pvs.from_position)
        ) as volume_id
    from meant
    join _pods on _pods.pod_uid = meant.pod_uid
    join volume_claims on volume_claims.claim_uid = meant.claim_uid
    join _pvs on _pvs.pv_uid = volume_claims.volume_id
    group by meant.pod_uid, meant.pod_volume
),

identified as (
    select
        used.pod_uid || '/' || used.pod_volume as use_id,
        if(used.source = 'inline', use_id, coalesce(volumes.volume_id, meant.claim_uid)) as volume_id,
        used.pod_uid,
        used.pod_volume,
        used.source,
        meant.claim_uid,
        used.claim_name
    from used
    left join meant on meant.pod_uid = used.pod_uid and meant.pod_volume = used.pod_volume
    left join volumes on volumes.pod_uid = used.pod_uid and volumes.pod_volume = used.pod_volume
),

-- The volume's last attachment to the pod's node while the pod needed it, save one that was being taken away already.
attached as (
    select
        identified.use_id,
        arg_max(_attachments.attachment_uid, _attachments.first_position) as attachment_uid
    from identified
    join _pods on _pods.pod_uid = identified.pod_uid
    join _attachments
        on _attachments.volume_id = identified.volume_id
        and _attachments.node = _pods.node
        and (_pods.done_position is null or _attachments.from_position < _pods.done_position)
        and coalesce(_attachments.deletion_position, _attachments.to_position, _pods.scheduled_position + 1)
        > _pods.scheduled_position
    group by identified.use_id
),

served as (
    select
        attached.*,
        row_number() over (
            partition by attachment_uid order by _pods.scheduled_position, attached.use_id
        ) = 1 as is_first,
        row_number() over (
            partition by attachment_uid order by _pods.done_position desc nulls first, attached.use_id
        ) = 1 as is_last,
        _pods.done_position is not null
        or _pods.deletion_requested_at is not null
        or _attachments.ended_at is not null
        or _attachments.deletion_requested_at is not null as is_over
    from attached
    join identified using (use_id)
    join _pods on _pods.pod_uid = identified.pod_uid
    join _attachments using (attachment_uid)
)

select
    -- UID of the pod, a slash, and the name of the volume in the pod's spec.
    identified.use_id,
    -- The volume; null where the claim never existed in the trace, or is not the pod's.
    identified.volume_id,
    -- UID of the pod.
    identified.pod_uid,
    -- Namespace of the pod.
    _pods.namespace,
    -- Name of the pod.
    _pods.name as pod,
    -- Name of the volume in the pod's spec; of several that name one claim, the first.
    identified.pod_volume,
    -- `claim`, `ephemeral` (a claim made for the pod) or `inline` (a CSI volume without a claim).
    identified.source,
    -- UID of the claim; null as volume_id, and for `inline`.
    identified.claim_uid,
    -- Name of the claim; null for `inline`.
    identified.claim_name,
    -- Node that the pod was placed on; null where it never was.
    _pods.node,
    -- The VolumeAttachment of this volume to this node that served the use; null where there was none.
    served.attachment_uid,
    -- How the kubelet calls the volume; null where that is not known.
    coalesce(
        _volumes.unique_name,
        if(
            _plugins.named_by = 'pod',
            _volumes.plugin || '/' || identified.pod_uid || '-' || coalesce(_volumes.pv_name, identified.pod_volume),
            null
        )
    ) as unique_name,
    -- Whether that attachment was made for this use: the first that it served, as far as the trace knows.
    coalesce(served.is_first, false) as caused_attach,
    -- Whether the end of this use let that attachment go: the last that it served.
    coalesce(served.is_last and served.is_over, false) as ended_attach,
    -- First row of the pod.
    _pods.first_seq,
    -- Type of that row; LISTED: what came before is unknown.
    _pods.first_type,
    -- When the pod was gone, on the recorder's clock; null while it is not.
    _pods.ended_at,
    -- DELETED, or VANISHED: it went away at an unknown moment before ended_at. Null while it is there.
    _pods.ended_by
from identified
join _pods on _pods.pod_uid = identified.pod_uid
left join _volumes on _volumes.volume_id = identified.volume_id
left join _plugins on _plugins.plugin = _volumes.plugin and not _volumes.migrated
left join served on served.use_id = identified.use_id
