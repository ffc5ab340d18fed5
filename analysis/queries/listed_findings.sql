-- One finding of $rules (null: of any) that is at least as severe as $severity: roots first by severity, then as they
-- began, each followed by its echoes.
with ranked as (
    select
        *,
        list_position(['error', 'warning', 'info'], severity) as severity_rank
    from findings
    where ($rules::varchar[] is null or list_contains($rules, rule))
        and severity_rank <= list_position(['error', 'warning', 'info'], $severity)
)

select ranked.* exclude (severity_rank)
from ranked
left join ranked as root on root.finding_id = ranked.echo_of
order by
    coalesce(root.severity_rank, ranked.severity_rank),
    coalesce(root.from_at, ranked.from_at),
    coalesce(root.finding_id, ranked.finding_id),
    root.finding_id is not null,
    ranked.from_at,
    ranked.finding_id
