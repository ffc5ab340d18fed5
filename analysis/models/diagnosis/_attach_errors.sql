-- One thing that was said of a VolumeAttachment which could not be attached: attachError, written by the
-- external-attacher, or an Event of the attach/detach controller.
with told as (
    select uid as attachment_uid, seq, observed_at as told_at, attach_error as error
    from objects
    where kind = 'VolumeAttachment' and attach_error is not null and type not in ('DELETED', 'VANISHED')
    union all
    select
        uses.attachment_uid,
        _complaints.seq,
        _complaints.told_at,
        regexp_replace(_complaints.message, '^[^:]*: ', '')
    from _complaints
    join uses using (use_id)
    where _complaints.reason = 'FailedAttachVolume'
        and starts_with(_complaints.message, 'AttachVolume.Attach failed')
        and uses.attachment_uid is not null
),

ends as (
    select
        uid as attachment_uid,
        min(observed_at) filter (
            attached or type in ('DELETED', 'VANISHED') or deletion_requested_at is not null
        ) as ended_at,
        min(observed_at) filter (
            list_bool_or([starts_with(each, 'external-attacher/') for each in finalizers])
        ) as taken_up_at
    from objects
    where kind = 'VolumeAttachment'
    group by uid
)

select
    _attachments.attachment_uid,
    _attachments.volume_id,
    _attachment_uses.caused_by as use_id,
    _attachments.node,
    _attachments.driver,
    told.seq,
    told.told_at,
    told.error,
    nullif(regexp_extract(told.error, 'code = (\w+)', 1), '') as code,
    -- `full`: the node takes no more. `slow`: it may succeed later. `blocked`: an earlier call still runs. `ending`:
    -- the VolumeAttachment is being deleted. Else `refused`.
    case
        when code = 'ResourceExhausted'
            or regexp_matches(
                told.error,
                '(?i)maximum number of (data )?disks|max(imum)? number of volumes|attachment ?limit'
                || '|too many (disks|volumes|devices)'
            ) then 'full'
        when code = 'Aborted' then 'blocked'
        when regexp_matches(told.error, 'volume attachment (is being|has been) deleted') then 'ending'
        when code in ('DeadlineExceeded', 'Canceled', 'Unavailable')
            or regexp_matches(
                told.error,
                '(?i)timed out waiting for external-attacher|RequestLimitExceeded|throttl|rate exceeded'
                || '|too many requests|context canceled|context deadline exceeded|to be attached but was attaching'
            ) then 'slow'
        else 'refused'
    end as meaning,
    -- When it was attached, or given up; null while neither.
    ends.ended_at,
    -- Whether an attacher had put its finalizer on it by then: without, ControllerPublishVolume was never called.
    coalesce(ends.taken_up_at <= told.told_at, false) as was_taken_up
from told
join _attachments using (attachment_uid)
join ends using (attachment_uid)
left join _attachment_uses using (attachment_uid)
where ends.ended_at is null or told.told_at < ends.ended_at + interval 1 second
