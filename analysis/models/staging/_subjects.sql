-- One subject: what goes through one chain of `_links`: a volume with one of its claims, a use, an expansion, ...
with last_claims as (
    select volume_id, max(occurrence) as occurrence
    from volume_claims
    group by volume_id
),

subjects as (
    select
        chain,
        id,
        occurrence,
        any_value(volume_id) as volume_id,
        any_value(use_id) as use_id,
        min(happened_at) as first_at,
        bool_or(milestone = 'staged') as was_staged,
        bool_or(milestone = 'unstaged') as was_unstaged,
        bool_or(milestone = 'containers_stopped') as was_stopped,
        bool_or(milestone = 'unpublished') as was_unpublished
    from _placed
    group by chain, id, occurrence
    -- A PersistentVolume without a claim waits for nothing.
    having chain != 'claim' or bool_or(milestone = 'claim_created')
),

-- What ends a subject before its last milestone.
endings as (
    select 'claim' as chain, volume_id as id, occurrence, happened_at, earliest, latest
    from milestones
    where milestone in ('claim_deletion_asked', 'claim_gone')
    union all
    select 'pod', use_id, 1, happened_at, earliest, latest
    from milestones
    where milestone in ('pod_deletion_asked', 'pod_gone')
    union all
    select 'snapshot', volume_id, occurrence, happened_at, earliest, latest
    from milestones
    where milestone = 'snapshot_deleted'
    union all
    -- Who asks anew no longer waits for what was asked before.
    select if(milestone = 'expand_asked', 'expand', 'modify'), volume_id, occurrence - 1, happened_at, earliest, latest
    from milestones
    where milestone in ('expand_asked', 'modify_asked')
    union all
    select
        subjects.chain,
        subjects.id,
        subjects.occurrence,
        milestones.happened_at,
        milestones.earliest,
        milestones.latest
    from subjects
    join milestones on milestones.volume_id = subjects.id and milestones.milestone = 'claim_gone'
    where subjects.chain in ('expand', 'modify') and milestones.happened_at >= subjects.first_at
),

ended as (
    select
        chain,
        id,
        occurrence,
        min(happened_at) as gone_at,
        min(earliest) as gone_not_before,
        min(latest) as gone_not_after
    from endings
    group by chain, id, occurrence
),

started as (
    select distinct use_id
    from milestones
    where milestone = 'containers_started'
),

-- Whose unmounting the logs tell of, done or not.
unmounting as (
    select distinct pod_uid, volume_handle
    from operations
    where method = 'NodeUnpublishVolume'
),

sources as (
    select
        coalesce(bool_or(source = 'storageclasses'), false) as has_classes,
        coalesce(bool_or(source = 'csidrivers'), false) as has_drivers
    from _watched
),

classes as (
    select name, any_value(binding_mode) as binding_mode, any_value(provisioner) as provisioner
    from objects
    where kind = 'StorageClass' and provisioner is not null
    group by name
),

with_facts as (
    select
        subjects.*,
        ended.id is not null
        or coalesce(subjects.chain = 'pod' and _pods.phase in ('Succeeded', 'Failed'), false) as is_gone,
        ended.gone_at,
        ended.gone_not_before,
        ended.gone_not_after,
        coalesce(uses.namespace, _volumes.claim_namespace) as namespace,
        _volumes.driver as driver,
        uses.node,
        uses.attachment_uid,
        case
            when subjects.occurrence > 1 then false
            -- Nobody makes a volume for a claim that names one itself, or whose class nobody made.
            when _volumes.kind = 'pending'
                then classes.provisioner != 'kubernetes.io/no-provisioner' and _claims.volume_name is null
            else _volumes.kind = 'dynamic'
        end as is_dynamic,
        subjects.occurrence = 1 and coalesce(_volumes.kind = 'static', false) as is_static,
        classes.binding_mode = 'WaitForFirstConsumer' as is_delayed,
        -- A class that does not exist hands a claim to nobody; one that was not watched may do anything.
        coalesce(_volumes.storage_class, '') = '' or classes.name is not null or sources.has_classes as is_class_known,
        _volumes.pv_uid is not null as has_pv,
        _volumes.reclaim_policy = 'Delete' and subjects.occurrence = coalesce(last_claims.occurrence, 1) as is_deleted,
        -- Inline volumes are never attached.
        _volumes.kind != 'inline'
        and (_volumes.plugin = 'kubernetes.io/csi' or _volumes.migrated or drivers.driver is not null) as is_staged,
        is_staged and coalesce(drivers.attaches, true) as is_attached,
        is_attached or _volumes.plugin in ('kubernetes.io/iscsi', 'kubernetes.io/fc') as is_attachable,
        drivers.driver is not null or sources.has_drivers as is_driver_known,
        coalesce(uses.attachment_uid is not null and not uses.caused_attach, false) as found_attached,
        coalesce(uses.ended_attach, false) as is_detached,
        uses.attachment_uid is not null and not coalesce(uses.ended_attach, false) as stays_attached,
        _pods.deletion_requested_at is not null or _pods.ended_at is not null as is_pod_deleted,
        -- A pod that is gone shows no more of its containers.
        subjects.was_stopped or (started.use_id is not null and _pods.ended_at is null) as stops,
        -- A pod that was deleted by force can be gone long before its volumes.
        unmounting.pod_uid is not null and not subjects.was_unpublished as is_unmounting
    from subjects
    cross join sources
    left join ended using (chain, id, occurrence)
    left join _volumes on _volumes.volume_id = subjects.volume_id
    left join _claims on _claims.claim_uid = _volumes.claim_uid and _volumes.kind = 'pending'
    left join last_claims on last_claims.volume_id = subjects.volume_id
    left join classes on classes.name = _volumes.storage_class
    left join _csi_drivers as drivers on drivers.driver = _volumes.driver
    left join uses on uses.use_id = subjects.use_id
    left join _pods on _pods.pod_uid = uses.pod_uid
    left join started on started.use_id = subjects.use_id
    left join unmounting on unmounting.pod_uid = uses.pod_uid and unmounting.volume_handle = _volumes.volume_handle
)

select
    row_number() over (order by chain, id, occurrence) as subject_id,
    chain,
    -- The use's id, or the volume's.
    id,
    -- Which claim, expansion, ... of the volume; 1 for a use.
    occurrence,
    volume_id,
    -- Null for what is the volume's own.
    use_id,
    attachment_uid,
    -- The claim's or the pod's.
    namespace,
    driver,
    -- The use's; null for a volume.
    node,
    -- What `_links`.only_for asks for.
    list_filter(
        [
            if(is_delayed, 'delayed', null),
            if(is_dynamic, 'dynamic', null),
            if(is_static, 'static', null),
            if(has_pv, 'pv', null),
            if(has_pv and is_deleted, 'delete', null),
            if(is_attached and not found_attached, 'attach', null),
            if(is_attachable, 'attachable', null),
            if(was_staged or (is_staged and not found_attached), 'stage', null),
            if(is_detached, 'detach', null),
            if(was_unstaged or (is_staged and not stays_attached), 'unstage', null),
            if(node is not null, 'placed', null),
            if(node is not null and stops, 'stops', null),
            -- Its way down ends with its pod.
            if(
                node is not null and is_pod_deleted and not is_detached and not was_unstaged and not is_unmounting,
                'stays',
                null
            )
        ],
        lambda feature: feature is not null
    ) as features,
    -- Those of them that cannot be told from the trace.
    if(is_class_known, [], ['delayed', 'dynamic']) || if(is_driver_known, [], ['attach', 'attachable']) as doubts,
    -- Whether it went away, or was given up, before its last milestone may have come.
    is_gone,
    -- When, on the recorder's clock; null where that is not known.
    gone_at,
    gone_not_before,
    gone_not_after
from with_facts
