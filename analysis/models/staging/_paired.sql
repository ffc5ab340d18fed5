-- One CSI call as which lines tell of it: `pair_calls` of analysis/calls turns the lines below into these rows.
-- It takes more than SQL: which pairs are certain is a question to all assignments of answers to calls at once.
select
    seq,
    stream,
    coalesce(component, '') as component,
    node,
    epoch_us(happened_at) as at,
    phase,
    method,
    call_id,
    context,
    node_id,
    ids,
    result,
    code,
    error,
    list_filter([source_volume_id, source_snapshot_id], lambda source: source is not null) as sources
from rpc_lines
union all by name
select
    seq,
    stream,
    '' as component,
    'gap' as phase
from _log_gaps
order by seq
