-- One volume that has to be attached to a node before it is mounted there, as far as the trace tells. A driver of which
-- neither its CSIDriver nor an attachment is there may be one that attaches nothing: its volumes are left out.
with attaching as (
    select distinct driver from _attachments
),

watched as (
    select coalesce(bool_or(source = 'csidrivers'), false) as has_drivers from _watched
)

select _volumes.volume_id
from _volumes
cross join watched
left join _csi_drivers as drivers on drivers.driver = _volumes.driver
left join attaching on attaching.driver = _volumes.driver
left join _plugins on _plugins.plugin = _volumes.plugin
where _volumes.kind in ('dynamic', 'static')
    and case
        when _volumes.plugin = 'kubernetes.io/csi' or _volumes.migrated
            then coalesce(drivers.attaches, attaching.driver is not null or watched.has_drivers)
        -- The in-tree plugins that attach are those that name a volume by its own id.
        else coalesce(_plugins.named_by = 'id', false)
    end
