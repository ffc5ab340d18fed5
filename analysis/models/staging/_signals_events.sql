-- One signal that an Event gives of a milestone, by its first occurrence. An Event is sent after what it tells of: it
-- bounds it from above, and dates it where it is sent at once. `Provisioning` alone is sent before.
with placed as (
    select
        seq,
        reason,
        involved_uid,
        involved_field,
        message,
        clock,
        'Event ' || reason as source,
        stamped_at + to_microseconds(offset_us) as told_at,
        to_microseconds(error_us) as error
    from _event_stamps
    join clocks using (clock)
    where known and stamped_at is not null
),

of_pods as (
    select
        if(reason = 'Scheduled', 'pod_scheduled', 'containers_started') as milestone,
        volume_id,
        use_id,
        1 as occurrence,
        told_at,
        told_at as latest,
        clock,
        placed.source,
        1 as rank,
        placed.seq
    from placed
    join uses on uses.pod_uid = placed.involved_uid
    where reason = 'Scheduled' or (reason = 'Started' and starts_with(involved_field, 'spec.containers{'))
),

-- A container is made before it is started.
of_creations as (
    select
        'containers_started' as milestone,
        volume_id,
        use_id,
        1 as occurrence,
        min(told_at - error) as earliest,
        any_value(clock) as clock,
        'Event Created' as source,
        4 as rank,
        min(placed.seq) as seq
    from placed
    join uses on uses.pod_uid = placed.involved_uid
    where reason = 'Created' and starts_with(involved_field, 'spec.containers{')
    group by volume_id, use_id
),

-- `AttachVolume.Attach succeeded for volume "NAME" `, `MapVolume.MapPodDevice succeeded for volume "NAME" ...`
of_uses as (
    select
        if(reason = 'SuccessfulAttachVolume', 'attached', 'published') as milestone,
        volume_id,
        if(reason = 'SuccessfulAttachVolume', caused_by, use_id) as use_id,
        if(reason = 'SuccessfulAttachVolume', attachment_uid, null) as attachment_uid,
        1 as occurrence,
        told_at as latest,
        clock,
        placed.source,
        4 as rank,
        placed.seq
    from placed
    join _use_names on _use_names.pod_uid = placed.involved_uid
        and _use_names.spec_name = regexp_extract(message, ' succeeded for volume "([^"]+)"', 1)
    where (reason = 'SuccessfulAttachVolume' and attachment_uid is not null) or reason = 'SuccessfulMountVolume'
),

of_claims as (
    select
        if(reason = 'ExternalProvisioning', 'provision_requested', 'pv_created') as milestone,
        volume_id,
        occurrence,
        told_at as latest,
        clock,
        placed.source,
        4 as rank,
        placed.seq
    from placed
    join _claim_volumes on _claim_volumes.claim_uid = placed.involved_uid
    where reason in ('ExternalProvisioning', 'ProvisioningSucceeded')
),

-- The provisioner announces each try, and then may find a reason not to call the driver: an answer of the driver, or a
-- volume, proves that it did.
called as (
    select
        involved_uid as claim_uid,
        arg_min(seq, told_at) filter (reason = 'Provisioning') as seq,
        arg_min(clock, told_at) filter (reason = 'Provisioning') as clock,
        min(told_at) filter (reason = 'Provisioning') as told_at,
        arg_min(error, told_at) filter (reason = 'Provisioning') as error,
        min(told_at) filter (reason = 'ProvisioningSucceeded' or contains(message, 'rpc error: ')) as proved_at
    from placed
    where reason in ('Provisioning', 'ProvisioningSucceeded', 'ProvisioningFailed')
    group by involved_uid
),

of_calls as (
    select
        'create_called' as milestone,
        volume_id,
        occurrence,
        told_at,
        told_at - error as earliest,
        proved_at as latest,
        clock,
        'Event Provisioning' as source,
        3 as rank,
        seq
    from called
    join _claim_volumes using (claim_uid)
    where told_at <= proved_at
)

select
    milestone,
    volume_id,
    use_id,
    attachment_uid,
    occurrence,
    told_at,
    earliest,
    latest,
    clock,
    source,
    rank,
    seq
from (
    from of_pods
    union all by name
    from of_creations
    union all by name
    from of_uses
    union all by name
    from of_claims
    union all by name
    from of_calls
)
