-- One of the $resources (plurals) of which the trace may not know all that there was at $at, and why.
select
    wanted.resource,
    coverage.state,
    coverage.why,
    coverage.begins_at
from (select unnest($resources) as resource) as wanted
left join coverage
    on split_part(coverage.stream, '/', -1) = wanted.resource
    and not starts_with(coverage.stream, 'log/')
    and coverage.begins_at <= $at
    and (coverage.ends_at is null or coverage.ends_at > $at)
where coverage.state is distinct from 'synced'
order by wanted.resource
