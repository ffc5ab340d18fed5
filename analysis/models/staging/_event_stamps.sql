-- One Event that dates a milestone, with its first occurrence on the clock of who sent it, finer than a second. client-
-- go names an Event after its object and the hex nanoseconds of its first occurrence, whose whole second is
-- firstTimestamp (tools/record/util/util.go GenerateEventName); the scheduler writes eventTime, in microseconds.
with events as (
    select
        uid,
        min(seq) as seq,
        arg_min(observed_at, seq) as observed_at,
        arg_min(type, seq) as type,
        arg_min(event_first_at, seq) as first_at,
        try_cast('0x' || right(any_value(name), 16) as ubigint) as name_ns,
        any_value(reason) as reason,
        any_value(involved_uid) as involved_uid,
        any_value(involved_field) as involved_field,
        any_value(message) as message,
        any_value(node) as node,
        any_value(reporting_component) as component
    from objects
    where kind = 'Event'
        and type in ('ADDED', 'LISTED')
        and reason in (
            'Created',
            'ExternalProvisioning',
            'Provisioning',
            'ProvisioningSucceeded',
            'ProvisioningFailed',
            'Scheduled',
            'Started',
            'SuccessfulAttachVolume',
            'SuccessfulMountVolume'
        )
    group by uid
),

-- A provisioner calls itself by its driver, the host that its pod believes to be on, and an id that each start makes
-- anew.
hosts as (
    select name as host, any_value(node) as node
    from objects
    where kind in ('Pod', 'Node') and node is not null
    group by name
    having count(distinct node) = 1
)

select
    seq,
    observed_at,
    type,
    reason,
    involved_uid,
    involved_field,
    message,
    -- The controllers of one process share its clock.
    case
        when coalesce(events.node, hosts.node) is not null then 'node/' || coalesce(events.node, hosts.node)
        when component in ('persistentvolume-controller', 'attachdetach-controller') then 'kube-controller-manager'
        when component = 'default-scheduler' then 'kube-scheduler'
        else component
    end as clock,
    case
        when epoch_us(first_at) % 1000000 != 0 then first_at
        when name_ns // 1000000000 = epoch(first_at)::bigint then make_timestamp((name_ns // 1000)::bigint)::timestamptz
    end as stamped_at
from events
left join hosts on hosts.host = regexp_extract(component, '^[^_]+_(.+)_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$', 1)
