-- One stretch of time in which a Node's status had a volume in one of its lists.
with versions as (
    select
        node,
        uid,
        seq,
        observed_at,
        type,
        if(is_gone, [], attached) as now_attached,
        if(is_gone, [], in_use) as now_in_use,
        coalesce(lag(now_attached) over lives, []) as was_attached,
        coalesce(lag(now_in_use) over lives, []) as was_in_use
    from _node_versions
    window lives as (partition by uid order by seq)
    qualify now_attached is distinct from was_attached or now_in_use is distinct from was_in_use
),

lists as (
    select node, uid, seq, observed_at, type, 'volumesAttached' as list, now_attached as now_in, was_attached as was_in
    from versions
    union all
    select node, uid, seq, observed_at, type, 'volumesInUse', now_in_use, was_in_use
    from versions
),

turns as (
    select
        * exclude (now_in, was_in),
        true as is_in,
        unnest(list_filter(now_in, lambda name: not list_contains(was_in, name))) as unique_name
    from lists
    union all
    select
        * exclude (now_in, was_in),
        false,
        unnest(list_filter(was_in, lambda name: not list_contains(now_in, name)))
    from lists
)

select
    -- `volumesAttached` (the attach/detach controller's) or `volumesInUse` (the kubelet's).
    list,
    node,
    unique_name,
    observed_at as valid_from,
    lead(observed_at) over entries as valid_to,
    type != 'LISTED' as since_known,
    seq as seq_from,
    lead(seq) over entries as seq_to
from turns
window entries as (partition by list, node, uid, unique_name order by seq)
qualify is_in
