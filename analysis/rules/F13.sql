-- title: Multi-Attach: the volume is still attached to another node
-- step: attach
-- severity: error
-- sentence: The volume cannot be attached to {node}: {holder}.
-- symptom: FailedAttachVolume `Multi-Attach error`, once; the pod stays in ContainerCreating, without a
--   VolumeAttachment.
-- cause: A pod elsewhere uses it (replicas, a rolling update), or used it and it is not detached yet: a node that is
--   down (F14), a blocked unmount (F22, F28), a VolumeAttachment that cannot go (F19).
-- advice: For a Deployment with a ReadWriteOnce claim use strategy Recreate. For a dead node see F14.
-- look-alikes: `volume in use` as attachError comes from the backend: there is a VolumeAttachment for the new node,
--   and it is F16.
-- needs: persistentvolumeclaims, persistentvolumes, pods, volumeattachments, events
-- echo of: F14 by volume, F19 by volume, F22 by volume, F28 by volume, F27 by volume

-- `pkg/controller/volume/attachdetach/reconciler/reconciler.go`, reportMultiAttachError: said once per volume and node.
with told as (
    select
        _complaints.use_id,
        _complaints.volume_id,
        _complaints.uid as pod_uid,
        uses.node,
        min(_complaints.told_at) as from_at,
        arg_max(_complaints.message, _complaints.told_at) as message,
        list(_complaints.seq order by _complaints.seq) as evidence
    from _complaints
    join uses using (use_id)
    where _complaints.reason = 'FailedAttachVolume' and starts_with(_complaints.message, 'Multi-Attach error')
    group by all
),

-- It is over with a VolumeAttachment for the new node.
ends as (
    select told.use_id, min(_attachments.first_observed_at) as attached_at
    from told
    join _attachments
        on _attachments.volume_id = told.volume_id
        and _attachments.node = told.node
        and _attachments.first_observed_at >= told.from_at - interval 1 second
    group by told.use_id
),

holders as (
    select
        told.use_id,
        string_agg(distinct _attachments.node, ', ') as nodes,
        list(distinct _attachments.first_seq) as evidence
    from told
    join _attachments
        on _attachments.volume_id = told.volume_id
        and _attachments.node != told.node
        and _attachments.first_observed_at <= told.from_at
        and (_attachments.ended_at is null or _attachments.ended_at > told.from_at)
    group by told.use_id
),

pods as (
    select told.use_id, string_agg(distinct other.namespace || '/' || other.pod, ', ') as pods
    from told
    join uses as other
        on other.volume_id = told.volume_id
        and other.node != told.node
        and (other.ended_at is null or other.ended_at > told.from_at)
    group by told.use_id
),

-- An old pod that is on its way out is given its time.
grace as (
    select told.use_id, max(objects.deletion_grace_seconds) as seconds
    from told
    join uses as other on other.volume_id = told.volume_id and other.use_id != told.use_id
    join objects
        on objects.kind = 'Pod'
        and objects.uid = other.pod_uid
        and objects.deletion_requested_at is not null
        and objects.observed_at <= told.from_at + interval 1 second
    group by told.use_id
),

judged as (
    select
        told.*,
        least(ends.attached_at, _goals.reached_at) as to_at,
        holders.nodes,
        holders.evidence as held_by,
        pods.pods,
        coalesce(grace.seconds, 30) + 10 as noise_s
    from told
    left join ends using (use_id)
    left join holders using (use_id)
    left join pods using (use_id)
    left join grace using (use_id)
    left join _goals on _goals.goal = 'mounted' and _goals.uid = told.pod_uid
)

select
    judged.volume_id,
    judged.use_id,
    judged.node,
    null as driver,
    judged.from_at,
    judged.to_at,
    'certain' as confidence,
    list_concat(judged.evidence, coalesce(judged.held_by, [])) as evidence,
    {
        node: judged.node,
        holder: concat(
            'it is attached to ' || judged.nodes || ', ',
            if(judged.pods is null, 'where no pod uses it any more', 'where it is used by ' || judged.pods)
        )
    } as details
from judged
cross join _span
where coalesce(judged.to_at, _span.last_at) > judged.from_at + to_seconds(judged.noise_s)
