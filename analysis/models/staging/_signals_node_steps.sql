-- One signal that a step on a node gives of a milestone. A volume that stays attached can be staged and unstaged again
-- and again: each staging is of the use that it was done for, each unstaging of the last use that was unpublished
-- before it.
with uses_of_nodes as (
    select
        uses.volume_id,
        uses.node,
        uses.use_id,
        if(
            _pods.first_type = 'LISTED', '-infinity'::timestamptz, _pods.first_observed_at - interval 1 second
        ) as begins_at,
        coalesce(_pods.ended_at, 'infinity'::timestamptz) as ends_at
    from uses
    join _pods using (pod_uid)
    where uses.node is not null
),

-- The driver does not name the pod: the first time it is the use that the volume was attached for, then the latest.
driver_staged as (
    select
        steps.*,
        if(steps.told_at <= lives.ends_at, lives.caused_by, null) as caused_by,
        row_number() over (
            partition by steps.milestone, steps.volume_id, steps.node, lives.attachment_uid
            order by steps.told_at, steps.seq
        ) as turn
    from (
        select * exclude (use_id)
        from _node_steps
        where milestone in ('stage_called', 'staged') and use_id is null
    ) as steps
    asof left join _attachment_lives as lives
        on lives.volume_id = steps.volume_id and lives.node = steps.node and steps.told_at >= lives.begins_at
),

of_uses as (
    select milestone, use_id, told_at, error, clock, source, seq
    from _node_steps
    where use_id is not null
    union all
    select
        milestone,
        if(turn = 1 and caused_by is not null, caused_by, if(told_at <= latest.ends_at, latest.use_id, null)),
        told_at,
        error,
        clock,
        source,
        seq
    from driver_staged
    asof left join uses_of_nodes as latest
        on latest.volume_id = driver_staged.volume_id
        and latest.node = driver_staged.node
        and driver_staged.told_at >= latest.begins_at
    union all
    select
        milestone,
        coalesce(last_use.use_id, if(told_at <= lives.ends_at, lives.ended_by, null)),
        told_at,
        error,
        clock,
        source,
        seq
    from (select * exclude (use_id) from _node_steps where milestone = 'unstaged') as steps
    asof left join (
        select volume_id, node, use_id, told_at as let_go_at
        from _node_steps
        where milestone = 'unpublished'
    ) as last_use
        on last_use.volume_id = steps.volume_id and last_use.node = steps.node and steps.told_at >= last_use.let_go_at
    asof left join _attachment_lives as lives
        on lives.volume_id = steps.volume_id and lives.node = steps.node and steps.told_at >= lives.begins_at
)

-- Once is enough: a kubelet that starts anew says it again.
select
    milestone,
    any_value(volume_id) as volume_id,
    use_id,
    if(milestone in ('stage_called', 'staged', 'unstaged'), any_value(attachment_uid), null) as attachment_uid,
    1 as occurrence,
    min(told_at) as told_at,
    min(told_at - error) as earliest,
    min(told_at) as latest,
    any_value(clock) as clock,
    arg_min(source, {told_at: told_at, seq: of_uses.seq}) as source,
    1 as rank,
    arg_min(of_uses.seq, {told_at: told_at, seq: of_uses.seq}) as seq
from of_uses
join _use_names using (use_id)
group by milestone, use_id
