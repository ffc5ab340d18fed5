-- One stretch of time in which one rule could not be decided, because something that it needs was not recorded: that it
-- found nothing there means nothing.
with needs as (
    select
        rule,
        need,
        starts_with(need, 'log of ') as is_log,
        regexp_replace(need, '^log of ', '') as source
    from _rule_needs
),

log_streams as (
    select distinct stream, component, node
    from logs
),

followed as (
    select stream, false as is_log, regexp_extract(stream, '[^/]+$') as source, null as node
    from (select distinct stream from coverage where not starts_with(stream, 'log/'))
    union all
    select stream, true, component, node
    from log_streams
),

-- Where they are written: the kubelets on each node, everything else anywhere.
places as (
    select distinct 'kubelet' as component, name as node
    from objects
    where kind = 'Node'
),

-- Nothing is asked of the time before a stream was first complete.
missed as (
    select
        followed.is_log,
        followed.source,
        followed.node,
        coverage.begins_at,
        coverage.ends_at,
        coverage.why
    from followed
    join coverage using (stream)
    where coverage.state != 'synced'
        and coverage.why != 'no note of the recorder says what was covered'
        and not starts_with(coverage.why, 'opened')
),

never as (
    select needs.rule, needs.need, places.node
    from needs
    left join places on needs.is_log and places.component = needs.source
    where not exists (
        from followed
        where followed.is_log = needs.is_log
            and followed.source = needs.source
            and (places.node is null or followed.node = places.node)
    )
),

stretches as (
    select needs.rule, needs.need, missed.node, missed.begins_at as from_at, missed.ends_at as to_at, missed.why
    from needs
    join missed on missed.is_log = needs.is_log and missed.source = needs.source
    union all
    select never.rule, never.need, never.node, _span.first_at, null, 'not in this trace'
    from never
    cross join _span
)

select
    -- Id of the rule: `F13`.
    stretches.rule,
    -- What the rule looks for, in a few words.
    _rules.title,
    -- What it needs: a resource, or `log of` a component.
    need,
    -- The node whose log it is; null for everything else.
    node,
    -- From when on, on the recorder's clock.
    from_at,
    -- Until when, exclusive; null where it goes on to the end of the trace.
    to_at,
    -- Why it is not there.
    why
from stretches
join _rules using (rule)
