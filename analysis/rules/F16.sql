-- title: the attach is refused
-- step: attach
-- severity: error
-- sentence: Attaching the volume to {node} is refused {who}: {error}
-- symptom: The VolumeAttachment has an attachError that does not change; FailedAttachVolume repeats it.
-- cause: As the text says: the volume does not exist, is in another zone, is attached elsewhere on the backend, the
--   PV is being deleted, or the node's CSINode lacks the driver.
-- advice: Mend what the text names. Before the attacher's finalizer is on the VolumeAttachment it is Kubernetes' own
--   objects that are wrong, after it the driver's answer.
-- look-alikes: A full node is F10; DeadlineExceeded and rate limits are F15; Aborted is F05.
-- needs: persistentvolumes, volumeattachments
-- echo of: F30 by driver, F34 by volume, F20 by driver and node

with told as (
    select
        attachment_uid,
        any_value(volume_id) as volume_id,
        any_value(use_id) as use_id,
        any_value(node) as node,
        any_value(driver) as driver,
        min(told_at) as from_at,
        any_value(ended_at) as to_at,
        arg_max(error, told_at) as error,
        count(distinct seq) as times,
        list(distinct seq order by seq) as evidence
    from _attach_errors
    where meaning = 'refused'
    group by attachment_uid
)

select
    volume_id,
    use_id,
    node,
    driver,
    from_at,
    to_at,
    'certain' as confidence,
    evidence,
    {
        node: node,
        who: if(contains(error, 'code = '), 'by the driver', 'before the driver is asked'),
        error: error
    } as details
from told
