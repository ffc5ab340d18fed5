-- One claim or pod that has come to where it was going, or has given up: when nothing holds it up any more.
with reached as (
    select 'bound' as goal, uid, seq, observed_at
    from objects
    where kind = 'PersistentVolumeClaim' and (phase = 'Bound' or type in ('DELETED', 'VANISHED'))
    union all
    select 'placed', uid, seq, observed_at
    from objects
    where kind = 'Pod' and (node is not null or type in ('DELETED', 'VANISHED'))
    union all
    -- Containers, init containers too, start once all volumes are mounted (`pkg/kubelet/kubelet.go`, SyncPod).
    select 'mounted', uid, seq, observed_at
    from objects
    where kind = 'Pod'
        and (
            type in ('DELETED', 'VANISHED')
            or phase in ('Succeeded', 'Failed')
            or list_bool_or([coalesce(each.state in ('running', 'terminated'), false) for each in containers])
        )
)

select
    -- `bound` (a claim), `placed` (a pod on a node), `mounted` (all volumes of a pod).
    goal,
    -- Of the claim or the pod.
    uid,
    min(seq) as seq,
    min(observed_at) as reached_at
from reached
group by goal, uid
