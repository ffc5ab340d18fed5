-- One version of one pod, or the notice that it went away, with what the statuses of its containers come to: the lists
-- of them are read but once.
select
    uid as pod_uid,
    seq,
    observed_at,
    type,
    phase,
    node,
    created_at,
    deletion_requested_at,
    deletion_grace_seconds,
    type in ('DELETED', 'VANISHED') as is_gone,
    -- When it was placed on its node, in whole seconds of the server.
    [each.changed_at for each in conditions if each.type = 'PodScheduled' and each.status = 'True'][1] as scheduled_at,
    -- A container that has run before has lost its first start.
    list_min([main.started_at for main in containers if main.role = 'main' and main.restarts = 0]) as started_at,
    list_max([main.restarts for main in containers if main.role = 'main']) as restarts,
    list_max([main.finished_at for main in containers if main.role = 'main']) as finished_at,
    -- Null where no status of a main container is there.
    list_bool_and([main.state = 'terminated' for main in containers if main.role = 'main']) as main_ones_terminated,
    -- Init containers too.
    coalesce(list_bool_or([each.state in ('running', 'terminated') for each in containers]), false) as any_started,
    -- `pkg/volume/util/util.go`, IsPodTerminated: an empty state counts as running.
    coalesce(
        list_bool_and([coalesce(each.state in ('terminated', 'waiting'), false) for each in containers]), true
    ) as none_running
from objects
where kind = 'Pod'
