-- title: the attach is slow, throttled, or not taken up
-- step: attach
-- severity: warning
-- sentence: The volume was not attached to {node} in time: {error}{why}
-- symptom: attachError DeadlineExceeded or a cloud's rate limit; FailedAttachVolume `timed out waiting for
--   external-attacher` after two minutes.
-- cause: The cloud's API limits its rate (mass restarts), or is slow; or no external-attacher of the driver runs at
--   all.
-- advice: Ask for more quota; raise csi-attacher's --timeout, --worker-threads and --kube-api-qps. Where the attacher
--   has put no finalizer on the VolumeAttachment, see whether it runs.
-- look-alikes: A node that is full is F10; a refusal that will not change F16; Aborted after it F05.
-- needs: persistentvolumes, pods, volumeattachments, events
-- echo of: F30 by driver, F05 by volume

-- `pkg/volume/csi/csi_attacher.go`, waitForVolumeAttachment.
with told as (
    select
        attachment_uid,
        any_value(volume_id) as volume_id,
        any_value(use_id) as use_id,
        any_value(node) as node,
        any_value(driver) as driver,
        min(told_at) as from_at,
        any_value(ended_at) as to_at,
        bool_or(was_taken_up) as was_taken_up,
        arg_max(error, told_at) as error,
        list(distinct seq order by seq) as evidence
    from _attach_errors
    where meaning = 'slow'
    group by attachment_uid
)

select
    told.volume_id,
    told.use_id,
    told.node,
    told.driver,
    -- It has been slow since it was asked for.
    least(told.from_at, _attachments.first_observed_at) as from_at,
    told.to_at,
    if(was_taken_up, 'certain', 'likely') as confidence,
    list_concat([_attachments.first_seq], told.evidence) as evidence,
    {
        node: told.node,
        error: error,
        why: case
            when was_taken_up then ''
            when exists (from _csi_drivers)
                and not exists (from _csi_drivers where _csi_drivers.driver = told.driver)
                then '. No external-attacher had taken the VolumeAttachment up, and there is no CSIDriver of that name'
            else '. No external-attacher had taken the VolumeAttachment up'
        end
    } as details
from told
join _attachments using (attachment_uid)
