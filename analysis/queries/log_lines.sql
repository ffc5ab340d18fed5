-- One log line that is wanted, in the trace's order: of $component, of one of $streams, of $severities, that speaks of
-- one of $names, that was written from $begin up to $end; an empty list or null asks for nothing.
with lines as (
    select
        *,
        coalesce(logged_at, stamped_at::timestamptz, observed_at) as happened_at,
        coalesce(message, line, '') as said,
        map_values(fields) as given,
        map_values(fields)::varchar as given_text
    from logs
)

select
    seq,
    observed_at,
    happened_at,
    stream,
    namespace,
    pod,
    pod_uid,
    container,
    restart,
    node,
    component,
    severity,
    stamped_at,
    logged_at,
    source,
    message,
    fields,
    layout,
    line
from lines
where ($component::varchar is null or $component in (component, container))
    and (len($streams::varchar[]) = 0 or list_contains($streams, stream))
    and (len($severities::varchar[]) = 0 or list_contains($severities, severity))
    and ($begin::timestamptz is null or happened_at >= $begin)
    and ($end::timestamptz is null or happened_at < $end)
    and (
        len($names::varchar[]) = 0
        or list_bool_or(
            list_transform(
                $names,
                -- A short name stands in too many values that are not it.
                lambda name: contains(said, name)
                or list_contains(given, name)
                or (len(name) > 8 and contains(given_text, name))
            )
        )
    )
order by seq
