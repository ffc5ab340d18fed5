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
    error
from rpc_lines
order by seq
