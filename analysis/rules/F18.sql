-- title: attached, and the kubelet does not accept it
-- step: attach
-- severity: error
-- sentence: The volume is attached to {node} as its VolumeAttachment says, and the kubelet does not accept it: {why}
-- symptom: The VolumeAttachment says attached, the pod stays in ContainerCreating; the kubelet's log says that the
--   volume is not attached, or FailedMount that the VolumeAttachment cannot be read.
-- cause: The node's status.volumesAttached lags behind or is lost (a new leader, a Node made anew), the
--   VolumeAttachment was deleted by hand, or attachRequired of the CSIDriver was changed.
-- advice: Compare the VolumeAttachment, volumesAttached and volumesInUse of the node. Deleting the pod makes the
--   controllers begin anew.
-- look-alikes: A lag of up to 20 s is normal, as the kubelet backs off before it looks again; of two minutes where the
--   attach had failed before.
-- needs: persistentvolumeclaims, persistentvolumes, pods, nodes, volumeattachments

with first_attached as (
    select uid as attachment_uid, min(observed_at) as attached_at, min(seq) as attached_seq
    from objects
    where kind = 'VolumeAttachment' and attached and type not in ('DELETED', 'VANISHED')
    group by uid
),

-- After a failed attach the attach/detach controller does not look again for up to 2 m 2 s
-- (`pkg/util/goroutinemap/exponentialbackoff`).
failed as (
    select attachment_uid, max(told_at) as failed_at
    from _attach_errors
    group by attachment_uid
),

attached as (
    select
        first_attached.*,
        greatest(
            first_attached.attached_at + interval 20 seconds, failed.failed_at + interval 122 seconds
        ) as due_at
    from first_attached
    left join failed using (attachment_uid)
),

-- `pkg/volume/util/operationexecutor/operation_generator.go`, GenerateVerifyControllerAttachedVolumeFunc.
logged as (
    select uses.use_id, logs.seq, logs.observed_at as told_at, logs.message
    from logs
    join _use_names
        on logs.component = 'kubelet'
        and contains(coalesce(logs.fields['err'], logs.message), _use_names.spec_name)
    join uses on uses.use_id = _use_names.use_id and uses.node = logs.node
    where regexp_matches(
            coalesce(logs.fields['err'], logs.message),
            'olume not attached according to node status|has not been added to the list of VolumesInUse'
        )
        and contains(coalesce(logs.fields['err'], logs.message), uses.pod_uid)
),

told as (
    select use_id, seq, told_at, message
    from logged
    union all
    select use_id, seq, told_at, message
    from _complaints
    where reason = 'FailedMount'
        and regexp_matches(
            message,
            'MountVolume.WaitForAttach failed|GET error for volume attachment|not attached according to node status'
        )
),

-- What the node's status says, where nobody else does.
unlisted as (
    select uses.use_id, attached.attached_seq as seq, attached.attached_at as told_at
    from uses
    join attached using (attachment_uid)
    join _attachments using (attachment_uid)
    cross join _span
    left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
    where uses.caused_attach
        and uses.unique_name is not null
        and not exists (
            from _node_lists
            where _node_lists.list = 'volumesAttached'
                and _node_lists.node = uses.node
                and _node_lists.unique_name = uses.unique_name
                and (_node_lists.valid_to is null or _node_lists.valid_to > attached.attached_at)
                and _node_lists.valid_from < attached.due_at
        )
        and least(
            coalesce(_goals.reached_at, _span.last_at),
            coalesce(_attachments.deletion_requested_at, _span.last_at),
            coalesce(_attachments.ended_at, _span.last_at)
        ) > attached.due_at
),

found as (
    select
        told.use_id,
        min(told.told_at) as from_at,
        list(distinct told.seq order by told.seq) as evidence,
        arg_max(told.message, told.told_at) as why
    from told
    join uses using (use_id)
    left join attached using (attachment_uid)
    where attached.attached_at is null
        or told.told_at > attached.due_at
        or contains(told.message, 'GET error')
    group by told.use_id
    union all
    select use_id, told_at, [seq], 'status.volumesAttached of the node does not list it.'
    from unlisted
    where use_id not in (select use_id from told)
)

select
    uses.volume_id,
    uses.use_id,
    uses.node,
    null as driver,
    found.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    found.evidence,
    {node: uses.node, why: found.why} as details
from found
join uses using (use_id)
left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
-- Until it is attached, it is right.
where uses.attachment_uid in (select attachment_uid from attached) or contains(found.why, 'GET error')
