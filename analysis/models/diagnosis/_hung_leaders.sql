-- One stretch of time in which a sidecar renewed its lease and took up nothing of what waited for it (external-attacher
-- issue 233): work is taken up within a second, and here none was for a minute.
with taken_up as (
    select
        uid as attachment_uid,
        min(observed_at) filter (
            attached
            or attach_error is not null
            or list_bool_or([starts_with(each, 'external-attacher/') for each in finalizers])
        ) as taken_up_at
    from objects
    where kind = 'VolumeAttachment'
    group by uid
),

attachments as (
    select _attachments.*, taken_up.taken_up_at
    from _attachments
    join taken_up using (attachment_uid)
),

provisioning as (
    select
        _claims.provisioner as driver,
        _complaints.uid as claim_uid,
        _complaints.seq,
        _complaints.told_at,
        _complaints.reason = 'ExternalProvisioning' as is_asked
    from _complaints
    join _claims on _claims.claim_uid = _complaints.uid
    where _complaints.reason = 'ExternalProvisioning'
        or (
            _complaints.reason in ('Provisioning', 'ProvisioningFailed', 'ProvisioningSucceeded')
            and _complaints.component != 'persistentvolume-controller'
        )
),

done as (
    select driver, 'csi-attacher' as component, taken_up_at as done_at
    from attachments
    union all
    select driver, 'csi-attacher', ended_at
    from attachments
    where taken_up_at is not null
    union all
    select driver, 'csi-provisioner', told_at
    from provisioning
    where not is_asked
),

waiting as (
    select
        driver,
        'csi-attacher' as component,
        first_observed_at as from_at,
        coalesce(taken_up_at, ended_at) as to_at,
        first_seq as seq
    from attachments
    where first_type != 'LISTED' or taken_up_at is null
    union all
    select
        provisioning.driver,
        'csi-provisioner',
        min(provisioning.told_at) filter (provisioning.is_asked),
        coalesce(min(provisioning.told_at) filter (not provisioning.is_asked), any_value(_goals.reached_at)),
        min(provisioning.seq) filter (provisioning.is_asked)
    from provisioning
    left join _goals on _goals.goal = 'bound' and _goals.uid = provisioning.claim_uid
    group by provisioning.driver, provisioning.claim_uid
),

long_waiting as (
    select waiting.*, coalesce(waiting.to_at, _span.last_at) as until
    from waiting
    cross join _span
    where coalesce(waiting.to_at, _span.last_at) > waiting.from_at + interval 1 minute
),

-- All that time the lease was renewed.
led as (
    select long_waiting.*, max(_renewals.seq) as renewed_seq
    from long_waiting
    join _renewals
        on _renewals.driver = long_waiting.driver
        and _renewals.component = long_waiting.component
        and _renewals.observed_at between long_waiting.from_at and long_waiting.until
    group by all
    having min(_renewals.observed_at) < long_waiting.from_at + any_value(_renewals.patience)
        and max(coalesce(_renewals.next_at, long_waiting.until) - _renewals.observed_at)
        <= any_value(_renewals.patience)
)

select
    driver,
    component,
    -- Since when the first of it waits.
    min(from_at) as from_at,
    -- When the last of it was taken up, or given up; null while it waits.
    if(bool_or(to_at is null), null, max(to_at)) as to_at,
    -- How many VolumeAttachments or claims wait.
    count(*) as waiting,
    list_sort(list_distinct(flatten(list([seq, renewed_seq])))) as evidence
from led
where not exists (
        from done
        where done.driver = led.driver
            and done.component = led.component
            and done.done_at > led.from_at
            and done.done_at < led.until
    )
group by driver, component
