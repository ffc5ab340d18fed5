-- One stretch of time in which both pictures of all volumes of a cluster were watched at once: pods, claims,
-- PersistentVolumes and VolumeAttachments. What they say outside of it cannot be held against each other. `scope`:
-- `cluster`, or `namespaces` where the pods of only some were watched.
with needed as (
    select source, place, begins_at, ends_at
    from _watched
    where source in ('pods', 'persistentvolumeclaims', 'persistentvolumes', 'volumeattachments')
),

scoped as (
    select 'cluster' as scope, * from needed where place = ''
    union all
    select 'namespaces', * from needed
),

edges as (
    select scope, source, begins_at as at_instant, 1 as step from scoped
    union all
    select scope, source, ends_at, -1 from scoped
),

sums as (
    select
        scope,
        at_instant,
        sum(sum(step) filter (source = 'pods')) over up_to_here as pods,
        sum(sum(step) filter (source = 'persistentvolumeclaims')) over up_to_here as claims,
        sum(sum(step) filter (source = 'persistentvolumes')) over up_to_here as volumes,
        sum(sum(step) filter (source = 'volumeattachments')) over up_to_here as attachments
    from edges
    group by scope, at_instant
    window up_to_here as (partition by scope order by at_instant)
),

turns as (
    select
        *,
        coalesce(pods > 0 and claims > 0 and volumes > 0 and attachments > 0, false) as is_known
    from sums
    window scoped as (partition by scope order by at_instant)
    qualify is_known is distinct from lag(is_known, 1, false) over scoped
)

select
    scope,
    at_instant as begins_at,
    -- Null where it goes on to the end of the trace.
    nullif(lead(at_instant) over (partition by scope order by at_instant), (select last_at from _span)) as ends_at
from turns
qualify is_known
