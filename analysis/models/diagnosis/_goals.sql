-- One claim or pod that has come to where it was going, or has given up: when nothing holds it up any more.
with claims as (
    select claim_uid as uid, min(seq) as seq, min(observed_at) as reached_at
    from _claim_versions
    where phase = 'Bound' or is_gone
    group by claim_uid
),

pods as (
    select
        pod_uid as uid,
        min(seq) filter (node is not null or is_gone) as placed_seq,
        min(observed_at) filter (node is not null or is_gone) as placed_at,
        -- Containers, init containers too, start once all volumes are mounted (`pkg/kubelet/kubelet.go`, SyncPod).
        min(seq) filter (is_gone or any_started or phase in ('Succeeded', 'Failed')) as mounted_seq,
        min(observed_at) filter (is_gone or any_started or phase in ('Succeeded', 'Failed')) as mounted_at
    from _pod_versions
    group by pod_uid
),

reached as (
    select 'bound' as goal, uid, seq, reached_at
    from claims
    union all
    select 'placed', uid, placed_seq, placed_at
    from pods
    union all
    select 'mounted', uid, mounted_seq, mounted_at
    from pods
)

select
    -- `bound` (a claim), `placed` (a pod on a node), `mounted` (all volumes of a pod).
    goal,
    -- Of the claim or the pod.
    uid,
    seq,
    reached_at
from reached
where seq is not null
