-- title: the node cannot take another volume
-- step: attach
-- severity: error
-- sentence: {place}: {message}
-- symptom: FailedScheduling `exceed max volume count`; or the pod is placed, and the attach is refused.
-- cause: The node holds as many as its CSINode allows; or the limit is not the real one: other devices share its
--   slots, or the CSINode entry was missing while the node's plugin restarted, and no entry means no limit.
-- advice: Add nodes, or spread the pods. Where the driver refused below the limit, set its volume-attach-limit or
--   reserved slots, and nodeAllocatableUpdatePeriodSeconds.
-- look-alikes: A slow attach is F15: fewer volumes than the node can take, and it succeeds later.
-- needs: persistentvolumeclaims, persistentvolumes, pods, volumeattachments, events

-- `pkg/scheduler/framework/plugins/nodevolumelimits/csi.go`; `pkg/kubelet/volumemanager/volume_manager.go` since 1.35.
with told as (
    select
        use_id,
        uid as pod_uid,
        null as attachment_uid,
        null as node,
        told_at,
        message,
        seq
    from _complaints
    where reason = 'FailedScheduling' and contains(message, 'exceed max volume count')
    union all
    select use_id, null, attachment_uid, node, told_at, error, seq
    from _attach_errors
    where meaning = 'full'
    union all
    select uses.use_id, uses.pod_uid, null, uses.node, objects.observed_at, objects.message, objects.seq
    from objects
    join uses on uses.pod_uid = objects.uid
    where objects.kind = 'Pod' and objects.reason = 'VolumeAttachmentLimitExceeded'
),

grouped as (
    select
        use_id,
        node,
        any_value(pod_uid) as pod_uid,
        any_value(attachment_uid) as attachment_uid,
        min(told_at) as from_at,
        arg_max(message, told_at) as message,
        list(distinct seq order by seq) as evidence
    from told
    where use_id is not null
    group by use_id, node
),

advertised as (
    select name as node, observed_at, unnest(node_drivers) as entry
    from objects
    where kind = 'CSINode' and node_drivers is not null
),

limits as (
    select
        grouped.use_id,
        grouped.node,
        arg_max(advertised.entry."limit", advertised.observed_at) as "limit"
    from grouped
    join uses using (use_id)
    join _volumes on _volumes.volume_id = uses.volume_id
    join advertised
        on advertised.node = grouped.node
        and advertised.entry.name = _volumes.driver
        and advertised.observed_at <= grouped.from_at
    group by grouped.use_id, grouped.node
),

attached as (
    select grouped.use_id, grouped.node, count(*) as attachments
    from grouped
    join _attachments
        on _attachments.node = grouped.node
        and _attachments.attached
        and _attachments.first_observed_at <= grouped.from_at
        and (_attachments.ended_at is null or _attachments.ended_at > grouped.from_at)
    join _volumes on _volumes.volume_id = _attachments.volume_id
    join uses on uses.use_id = grouped.use_id
    join _volumes as wanted on wanted.volume_id = uses.volume_id and wanted.driver = _volumes.driver
    group by grouped.use_id, grouped.node
),

ends as (
    select attachment_uid, any_value(ended_at) as ended_at
    from _attach_errors
    group by attachment_uid
)

select
    uses.volume_id,
    grouped.use_id,
    grouped.node,
    _volumes.driver,
    grouped.from_at,
    if(grouped.attachment_uid is null, _goals.reached_at, ends.ended_at) as to_at,
    'certain' as confidence,
    grouped.evidence,
    {
        place: if(
            grouped.node is null,
            'No node has a free slot for the volume',
            concat(
                'Node ',
                grouped.node,
                ' takes no more volumes (',
                coalesce(attached.attachments, 0),
                ' of this driver attached, ',
                coalesce('it announces ' || limits."limit", 'it announces no limit'),
                ')'
            )
        ),
        message: grouped.message
    } as details
from grouped
join uses on uses.use_id = grouped.use_id
left join _volumes on _volumes.volume_id = uses.volume_id
left join limits on limits.use_id = grouped.use_id and limits.node = grouped.node
left join attached on attached.use_id = grouped.use_id and attached.node = grouped.node
left join _goals on _goals.goal = if(grouped.node is null, 'placed', 'mounted') and _goals.uid = grouped.pod_uid
left join ends on ends.attachment_uid = grouped.attachment_uid
-- Of a pod's volumes those that would have to be attached.
where _volumes.kind is distinct from 'inline'
