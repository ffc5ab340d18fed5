-- One of the $resources (plurals) of which the trace may not know all that there was at $at, and why.
select
    wanted.resource,
    coverage.state,
    coverage.why,
    coverage.begins_at,
    coverage.ends_at,
    -- No note says what was covered, but there are rows, as of a capture.
    coalesce(
        coverage.why = 'no note of the recorder says what was covered',
        captured.resource is not null
    ) as is_assumed
from (select unnest($resources) as resource) as wanted
left join coverage
    on split_part(coverage.stream, '/', -1) = wanted.resource
    and not starts_with(coverage.stream, 'log/')
    and coverage.begins_at <= $at
    and (coverage.ends_at is null or coverage.ends_at > $at)
left join (
    select distinct split_part(stream, '/', -1) as resource
    from objects
    where observed_at <= $at
) as captured on coverage.state is null and captured.resource = wanted.resource
where coverage.state is distinct from 'synced'
order by wanted.resource
