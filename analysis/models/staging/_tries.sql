-- One try to get a volume or a use along its chain, or what was said of several: where in the chain, how often, with
-- what error.
with volume_handles as (
    select driver, volume_handle, any_value(volume_id) as volume_id
    from _volumes
    where volume_handle is not null
    group by driver, volume_handle
    having count(*) = 1
),

claim_volumes as (
    select claim_uid, arg_max(volume_id, occurrence) as volume_id
    from volume_claims
    group by claim_uid
),

-- What each CSI method is called for.
methods (method, milestone) as (
    values
        ('CreateVolume', 'create_answered'),
        ('DeleteVolume', 'delete_answered'),
        ('ControllerPublishVolume', 'publish_answered'),
        ('ControllerUnpublishVolume', 'unpublish_answered'),
        ('NodeStageVolume', 'staged'),
        ('NodePublishVolume', 'published'),
        ('NodeUnpublishVolume', 'unpublished'),
        ('NodeUnstageVolume', 'unstaged'),
        ('ControllerExpandVolume', 'expand_controller_done'),
        ('NodeExpandVolume', 'expand_done'),
        ('ControllerModifyVolume', 'modify_done')
),

calls as (
    select
        methods.milestone,
        coalesce(volume_handles.volume_id, claim_volumes.volume_id, operations.claim_uid) as volume_id,
        operations.node,
        operations.pod_uid,
        coalesce(operations.requested_at, operations.driver_requested_at) as tried_at,
        operations.error
    from operations
    join methods using (method)
    left join volume_handles using (driver, volume_handle)
    left join claim_volumes on claim_volumes.claim_uid = operations.claim_uid and operations.method = 'CreateVolume'
    where not coalesce(operations.echo, false)
),

-- What Events tell: which step failed, or is tried. Messages as
-- `pkg/volume/util/operationexecutor/operation_generator.go`,
-- `pkg/controller/volume/attachdetach/reconciler/reconciler.go` and external-provisioner write them.
reasons (involved_kind, reason, beginning, first_milestone, last_milestone, is_try) as (
    values
        ('PersistentVolumeClaim', 'Provisioning', '', 'create_answered', 'create_answered', true),
        ('PersistentVolumeClaim', 'ProvisioningFailed', '', 'create_called', 'create_answered', false),
        ('PersistentVolumeClaim', 'ProvisioningFailed', 'storageclass', 'provision_requested', 'claim_bound', false),
        ('PersistentVolumeClaim', 'FailedBinding', '', 'claim_bound', 'claim_bound', false),
        ('PersistentVolumeClaim', 'VolumeMismatch', '', 'claim_bound', 'claim_bound', false),
        ('PersistentVolumeClaim', 'VolumeResizeFailed', '', 'expand_controller_done', 'expand_controller_done', false),
        ('PersistentVolumeClaim', 'VolumeModifyFailed', '', 'modify_done', 'modify_done', false),
        ('PersistentVolume', 'VolumeFailedDelete', '', 'delete_called', 'pv_gone', false),
        ('Pod', 'FailedScheduling', '', 'pod_scheduled', 'pod_scheduled', false),
        ('Pod', 'FailedAttachVolume', '', 'publish_called', 'attached', false),
        ('Pod', 'FailedAttachVolume', 'Multi-Attach error', 'attachment_created', 'attachment_created', false),
        ('Pod', 'FailedMount', '', 'kubelet_accepted', 'published', false),
        ('Pod', 'FailedMount', 'MountVolume.MountDevice failed', 'staged', 'staged', false),
        ('Pod', 'FailedMount', 'MountVolume.SetUp failed', 'published', 'published', false),
        ('Pod', 'FailedMount', 'MountVolume.NodeAffinity', 'published', 'published', false),
        ('Pod', 'FailedMapVolume', 'MapVolume.SetUpDevice failed', 'staged', 'staged', false),
        ('Pod', 'FailedMapVolume', 'MapVolume.MapPodDevice failed', 'published', 'published', false)
),

events as (
    select
        observed_at,
        involved_kind,
        involved_uid,
        reason,
        message,
        nullif(regexp_extract(message, 'for volume "([^"]+)"', 1), '') as volume_named,
        -- An Event counts on in place.
        coalesce(event_count, 1) - coalesce(lag(event_count) over (partition by uid order by seq), 0) as tries
    from objects
    where kind = 'Event' and type in ('ADDED', 'MODIFIED', 'LISTED') and reason in (select reason from reasons)
),

-- A message says more than its reason where it begins in a known way.
told as (
    select
        events.*,
        coalesce(precise.first_milestone, general.first_milestone) as first_milestone,
        coalesce(precise.last_milestone, general.last_milestone) as last_milestone,
        coalesce(precise.is_try, general.is_try) as is_try
    from events
    left join reasons as precise
        on precise.reason = events.reason
        and precise.involved_kind = events.involved_kind
        and precise.beginning != ''
        and starts_with(events.message, precise.beginning)
    left join reasons as general
        on general.reason = events.reason
        and general.involved_kind = events.involved_kind
        and general.beginning = ''
    where events.tries > 0
),

-- The attacher sends no Events: it writes its errors to the VolumeAttachment, with the second of the try.
attachment_errors as (
    select
        attachment_uid,
        'publish_called' as first_milestone,
        'attached' as last_milestone,
        attach_error as error,
        min(observed_at) as tried_at
    from _attachment_versions
    where attach_error is not null
    group by attachment_uid, attach_error, attach_error_at
    union all
    select attachment_uid, 'unpublish_called', 'attachment_gone', detach_error, min(observed_at)
    from _attachment_versions
    where detach_error is not null
    group by attachment_uid, detach_error, detach_error_at
),

claim_errors as (
    select
        claim_uid,
        case condition.type
            when 'ControllerResizeError' then 'expand_controller_done'
            when 'NodeResizeError' then 'expand_done'
            when 'ModifyVolumeError' then 'modify_done'
        end as milestone,
        condition.message as error,
        min(observed_at) as tried_at
    from (
        select claim_uid, observed_at, unnest(conditions) as condition
        from _claim_versions
        where len(conditions) > 0
    )
    where milestone is not null and condition.message != ''
    group by all
),

tries as (
    select
        'call' as source,
        if(_links.scope = 'use', uses.use_id, calls.volume_id) as id,
        milestone as first_milestone,
        milestone as last_milestone,
        calls.tried_at,
        1 as tries,
        calls.error
    from calls
    join _links using (milestone)
    left join uses
        on _links.scope = 'use'
        and uses.volume_id = calls.volume_id
        and uses.node = calls.node
        and (calls.pod_uid is null or uses.pod_uid = calls.pod_uid)
    union all
    select
        if(told.is_try, 'Event of a try', 'Event'),
        coalesce(claim_volumes.volume_id, told.involved_uid),
        told.first_milestone,
        told.last_milestone,
        told.observed_at,
        told.tries,
        if(told.is_try, null, told.message)
    from told
    left join claim_volumes on claim_volumes.claim_uid = told.involved_uid
    where told.involved_kind != 'Pod'
    union all
    select
        'Event',
        uses.use_id,
        told.first_milestone,
        told.last_milestone,
        told.observed_at,
        told.tries,
        told.message
    from told
    join uses on uses.pod_uid = told.involved_uid
    left join _volumes on _volumes.volume_id = uses.volume_id
    -- Of what is about one volume, that one: it is called by its PersistentVolume, or as the pod calls it.
    where told.volume_named is null or told.volume_named in (_volumes.pv_name, uses.pod_volume)
    union all
    select 'VolumeAttachment', uses.use_id, first_milestone, last_milestone, tried_at, 1, error
    from attachment_errors
    join uses using (attachment_uid)
    union all
    select 'PersistentVolumeClaim', coalesce(claim_volumes.volume_id, claim_uid), milestone, milestone, tried_at, 0, error
    from claim_errors
    left join claim_volumes using (claim_uid)
)

select
    row_number() over () as try_id,
    first_link.chain,
    -- The subject's: a use, or a volume.
    tries.id,
    -- Places in the chain of the milestones that it may have been for.
    first_link.position as first_position,
    last_link.position as last_position,
    -- Who tells of it. A `call` is one try. An `Event` and an object's error stand for each other.
    tries.source,
    -- On the recorder's clock; of calls, on the log's.
    tries.tried_at,
    -- How many tries it tells of; of Events and objects, how many failures.
    tries.tries,
    -- Null where none is told.
    tries.error
from tries
join _links as first_link on first_link.milestone = tries.first_milestone
join _links as last_link on last_link.milestone = tries.last_milestone
where tries.id is not null
