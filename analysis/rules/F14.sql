-- title: the node is down, and does not let go of the volume
-- step: detach
-- severity: error
-- sentence: Node {node} has been out of reach since {lost}, and still counts the volume as in use: {clock}.
-- symptom: The node is NotReady, its pods stay Terminating, and pods that replace them get Multi-Attach errors.
-- cause: Nobody there confirms the unmount, so that the volume is not detached: as long as the old pod's object
--   exists, and then for six minutes more.
-- advice: Make sure that the machine is off, then taint its Node
--   `node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`: pods and volumes are let go at once. Never
--   force-delete pods of a node that may still write.
-- look-alikes: A node that is Ready and slow to unmount is F22, F27 or F28.
-- needs: persistentvolumeclaims, persistentvolumes, pods, nodes, volumeattachments

with heartbeats as (
    select
        name as node,
        seq,
        observed_at,
        type,
        volumes_in_use,
        coalesce(
            type in ('DELETED', 'VANISHED')
            or list_bool_or([each.type = 'Ready' and each.status = 'Unknown' for each in conditions]),
            false
        ) as is_lost
    from objects
    where kind = 'Node'
),

turns as (
    select *
    from heartbeats
    window life as (partition by node order by seq)
    qualify is_lost is distinct from lag(is_lost, 1, false) over life
),

outages as (
    select node, seq, observed_at as from_at, is_lost, lead(observed_at) over life as to_at
    from turns
    window life as (partition by node order by seq)
    qualify is_lost
),

-- Pods whose end was asked for; of those that were forced away, their objects' end.
leaving as (
    select
        uid as pod_uid,
        min(observed_at) as asked_at,
        min(seq) as asked_seq,
        min(observed_at) filter (type in ('DELETED', 'VANISHED')) as gone_at
    from objects
    where kind = 'Pod' and (deletion_requested_at is not null or type in ('DELETED', 'VANISHED'))
    group by uid
),

-- The volume is where it was until the node, or the attach/detach controller, says otherwise.
held as (
    select
        outages.*,
        uses.use_id,
        uses.volume_id,
        leaving.asked_at,
        leaving.asked_seq,
        leaving.gone_at,
        least(outages.to_at, _attachments.ended_at) as until
    from outages
    join uses on uses.node = outages.node
    join leaving using (pod_uid)
    join _attachments on _attachments.attachment_uid = uses.attachment_uid
    where (outages.to_at is null or leaving.asked_at < outages.to_at)
        and (_attachments.ended_at is null or _attachments.ended_at > outages.from_at)
        and (leaving.gone_at is null or leaving.gone_at > outages.from_at)
)

select
    held.volume_id,
    held.use_id,
    held.node,
    null as driver,
    greatest(held.from_at, held.asked_at) as from_at,
    held.until as to_at,
    'certain' as confidence,
    [held.seq, held.asked_seq] as evidence,
    {
        node: held.node,
        lost: strftime(held.from_at at time zone 'UTC', '%H:%M:%S'),
        clock: concat(
            'its pod was to go at ',
            strftime(held.asked_at at time zone 'UTC', '%H:%M:%S'),
            if(
                held.gone_at is null or held.gone_at > coalesce(held.until, held.gone_at),
                ' and its object is still there, which holds back the six minutes to a forced detach',
                ' and was gone at ' || strftime(held.gone_at at time zone 'UTC', '%H:%M:%S')
                || '; a forced detach is due at '
                || strftime((held.gone_at + interval 6 minutes) at time zone 'UTC', '%H:%M:%S')
            )
        )
    } as details
from held
where held.until is null or held.until > greatest(held.from_at, held.asked_at)
