-- One stretch of time in which the attach/detach controller had a volume in its desired state of the world for one
-- pod: on that node it was to be attached. A node that attaches its own volumes is not there
-- (`pkg/controller/volume/attachdetach/attach_detach_controller.go`, nodeAdd).
with unmanaged as (
    select name as node
    from objects
    where kind = 'Node' and type != 'VANISHED'
    group by name
    -- A trace that was recorded before the fact was known has none.
    having not coalesce(arg_max(controller_attaches, seq), true)
)

select
    -- The node.
    _wanted.node,
    -- The volume.
    _wanted.volume_id,
    -- How the controller calls it; null where that is not known.
    _wanted.unique_name,
    -- The use that wants it: pod and volume.
    _wanted.use_id,
    -- Namespace of the pod.
    _wanted.namespace,
    -- Name of the pod.
    _wanted.pod,
    -- From when on, on the recorder's clock: the pod was placed, and its claim bound.
    _wanted.valid_from,
    -- Until when, exclusive: the pod had ended, or was gone. Null while it goes on.
    _wanted.valid_to,
    -- Whether the beginning was seen; if not it had been so before.
    _wanted.since_known,
    -- Row of the trace that began it.
    _wanted.seq_from,
    -- Row of the trace that ended it; null while it goes on.
    _wanted.seq_to
from _wanted
join _attachable_volumes using (volume_id)
where _wanted.node not in (select node from unmanaged)
