-- One stretch of time in which a kubelet had a volume in its desired state of the world for one pod: on its node it was
-- to be mounted for that pod.
select
    -- The node.
    node,
    -- The volume.
    volume_id,
    -- How the kubelet calls it; null where that is not known.
    unique_name,
    -- The use that wants it: pod and volume.
    use_id,
    -- Namespace of the pod.
    namespace,
    -- Name of the pod.
    pod,
    -- From when on, on the recorder's clock: the pod was placed, and its claim bound.
    valid_from,
    -- Until when, exclusive: the pod's containers had ended, or it was gone. Null while it goes on.
    valid_to,
    -- Whether the beginning was seen; if not it had been so before.
    since_known,
    -- Row of the trace that began it.
    seq_from,
    -- Row of the trace that ended it; null while it goes on.
    seq_to
from _wanted
