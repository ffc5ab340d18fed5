-- title: the volume is published from a stage that is older than its attachment
-- step: stage
-- severity: error
-- sentence: On {node} the volume was published without being staged anew, although it had been detached and attached
--   again since: what is mounted is what was there before.
-- symptom: I/O errors in the pod, EXT4-fs or XFS errors in the kernel's log, and no error of Kubernetes.
-- cause: The volume was detached while it was staged: by force, as the node was down, or while the kubelet was away.
-- advice: Unmount the global mount by hand or reboot the node, after the pods that use the volume there are gone.
-- look-alikes: A driver that does not stage has no NodeStageVolume at all.
-- needs: persistentvolumes, volumeattachments, log of kubelet
-- echo of: F14 by volume

-- What a node did with a volume, in order; one whose log is not there did nothing that is known.
with calls as (
    select
        _volumes.volume_id,
        operations.node,
        operations.method,
        operations.seq,
        coalesce(
            operations.answered_at,
            operations.driver_answered_at,
            operations.requested_at,
            operations.driver_requested_at
        ) as called_at
    from operations
    join _volumes on _volumes.volume_handle = operations.volume_handle and _volumes.driver = operations.driver
    where operations.code = 'OK'
        and operations.node is not null
        and operations.method in ('NodeStageVolume', 'NodeUnstageVolume', 'NodePublishVolume')
),

published as (
    select
        *,
        last_value(if(method = 'NodePublishVolume', null, method) ignore nulls) over earlier as stage_method,
        last_value(if(method = 'NodePublishVolume', null, called_at) ignore nulls) over earlier as staged_at,
        last_value(if(method = 'NodePublishVolume', null, seq) ignore nulls) over earlier as staged_seq
    from calls
    window earlier as (
        partition by volume_id, node order by called_at rows between unbounded preceding and current row
    )
),

-- The attachment that there was at the stage was over before the publishing.
stale as (
    select published.*, _attachments.ended_seq, _attachments.ended_at
    from published
    join _attachments
        on _attachments.volume_id = published.volume_id
        and _attachments.node = published.node
        and _attachments.first_observed_at <= published.staged_at
        and _attachments.ended_at > published.staged_at
        and _attachments.ended_at < published.called_at
    where published.method = 'NodePublishVolume' and published.stage_method = 'NodeStageVolume'
)

select
    volume_id,
    null as use_id,
    node,
    null as driver,
    min(called_at) as from_at,
    null as to_at,
    'likely' as confidence,
    [any_value(staged_seq), any_value(ended_seq), min(seq)] as evidence,
    {node: node} as details
from stale
group by volume_id, node
