-- One finding: a rule of `analysis/rules/` has found its failure mode at a volume, a use, a node or a driver, for some
-- time.
with labelled as (
    select
        _found.* replace (coalesce(_found.volume_id, uses.volume_id) as volume_id),
        _volumes.label as volume,
        uses.pod_uid,
        coalesce(_found.node, uses.node) as on_node,
        coalesce(_found.driver, _volumes.driver) as of_driver,
        concat_ws(
            '/',
            _found.rule,
            coalesce(_found.use_id, _found.volume_id, concat_ws('@', _found.driver, _found.node)),
            epoch_us(_found.from_at)
        ) as finding_id
    from _found
    left join uses on uses.use_id = _found.use_id
    left join _volumes on _volumes.volume_id = coalesce(_found.volume_id, uses.volume_id)
),

-- What a finding follows from held when it began. A cause may be seen a little later than its effect: a kubelet tells
-- how its pods are each 10 s (`pkg/kubelet/status/status_manager.go`, syncPeriod). And a call that was begun while it
-- held fails up to 15 s after it, the longest time that a sidecar waits for its driver by default (external-attacher's
-- --timeout); a wait that takes longer to be told is a finding that begins with the wait.
caused as (
    select
        echo.finding_id,
        arg_min(
            cause.finding_id,
            {rank: _rule_causes.rank, apart: abs(epoch_us(echo.from_at) - epoch_us(cause.from_at))}
        ) as cause_id
    from labelled as echo
    join _rule_causes on _rule_causes.rule = echo.rule
    join labelled as cause
        on cause.rule = _rule_causes.cause
        and cause.from_at <= echo.from_at + interval 10 seconds
        and (cause.to_at is null or cause.to_at >= echo.from_at - interval 15 seconds)
        and case _rule_causes.same
            when 'volume' then cause.volume_id = echo.volume_id
            when 'node' then cause.on_node = echo.on_node
            when 'driver' then cause.of_driver = echo.of_driver
            when 'driver and node' then (cause.of_driver, cause.on_node) = (echo.of_driver, echo.on_node)
            when 'pod' then cause.pod_uid = echo.pod_uid
        end
    group by echo.finding_id
),

-- Rules are echoes of others without going round in a circle.
chains as (
    with recursive steps as (
        select finding_id, cause_id
        from caused
        union
        select steps.finding_id, caused.cause_id
        from steps
        join caused on caused.finding_id = steps.cause_id
    )

    select finding_id, cause_id as root_id
    from steps
    where cause_id not in (select finding_id from caused)
)

select
    -- Names it among all findings of the trace.
    labelled.finding_id,
    -- Id of the rule: `F13`.
    labelled.rule,
    -- What the rule looks for, in a few words.
    _rules.title,
    -- `error`, `warning` or `info`.
    _rules.severity,
    -- The step of a volume's life that it is about.
    _rules.step,
    -- The volume; null where it is about none that there was.
    labelled.volume_id,
    -- What it is called: its claim's namespace/name, else the PersistentVolume's name, else namespace/pod/volume.
    labelled.volume,
    -- The use; null where it is about the volume itself, or none.
    labelled.use_id,
    -- The node; null where none is known, or it is about none.
    labelled.on_node as node,
    -- The driver, the volume's unless it is about another; null where none is known.
    labelled.of_driver as driver,
    -- When it began, on the recorder's clock.
    labelled.from_at,
    -- When it ended, on the recorder's clock; null while it goes on.
    labelled.to_at,
    -- `certain`, `likely` or `possible`: how surely the signals mean this and not a look-alike.
    labelled.confidence,
    -- What happened, with the names, values and errors that the trace has.
    labelled.sentence,
    -- What leads to it.
    _rules.cause,
    -- What to do.
    _rules.advice,
    -- Rows of the trace that show it.
    labelled.evidence,
    -- The values in the sentence.
    labelled.details,
    -- The finding that this one follows from in the end: its finding_id. Null where it is no echo.
    chains.root_id as echo_of
from labelled
join _rules on _rules.rule = labelled.rule
left join chains on chains.finding_id = labelled.finding_id
