-- One stretch of time in which one source was watched without a gap: what it shows had happened there, what it does
-- not had not.
with ends as (
    select min(observed_at) as first_at, max(observed_at) as last_at
    from (
        select min(observed_at) as observed_at from objects
        union all
        select max(observed_at) from objects
        union all
        select min(observed_at) from logs
        union all
        select max(observed_at) from logs
        union all
        select min(observed_at) from streams
        union all
        select max(observed_at) from streams
    )
),

covered as (
    select
        stream,
        begins_at,
        coalesce(ends_at, (select last_at from ends)) as ends_at
    from coverage
    where state = 'synced'
),

-- An import without notes: a resource that it has is taken to be there for as long as the import lasts.
resources as (
    select stream, begins_at, ends_at
    from covered
    where not starts_with(stream, 'log/')
    union all
    select stream, (select first_at from ends), (select last_at from ends)
    from (select distinct stream from objects)
    where stream not in (select stream from streams where stream is not null)
),

log_streams as (
    select
        stream,
        any_value(component) as component,
        any_value(pod) as pod,
        any_value(node) as node,
        min(observed_at) as first_at,
        max(observed_at) as last_at
    from logs
    where component in ('kubelet', 'csi-provisioner', 'csi-attacher')
    group by stream
),

drivers as (
    select distinct component, pod, driver
    from operations
    where driver is not null
)

select
    -- The resource (`pods`) or the component whose log it is (`csi-attacher`).
    regexp_extract(stream, '[^/]+$') as source,
    -- The driver of a sidecar, the node of a kubelet, the namespace of a stream that has but one; '' for all.
    regexp_extract(stream, '/namespaces/([^/]+)/', 1) as place,
    begins_at,
    -- On the recorder's clock, as is `begins_at`.
    ends_at
from resources
union all
select
    log_streams.component,
    coalesce(drivers.driver, log_streams.node),
    coalesce(covered.begins_at, log_streams.first_at),
    coalesce(covered.ends_at, log_streams.last_at)
from log_streams
left join drivers
    on drivers.component = log_streams.component
    and drivers.pod = log_streams.pod
    and log_streams.component != 'kubelet'
left join covered on covered.stream = log_streams.stream
where coalesce(drivers.driver, if(log_streams.component = 'kubelet', log_streams.node, null)) is not null
