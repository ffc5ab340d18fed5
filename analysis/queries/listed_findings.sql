-- One finding of $rules (null: of any) that is at least as severe as $severity: each root followed by its echoes, first
-- those of whom one is most severe, then as they began.
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
    min(ranked.severity_rank) over (partition by coalesce(root.finding_id, ranked.finding_id)),
    coalesce(root.from_at, ranked.from_at),
    coalesce(root.finding_id, ranked.finding_id),
    root.finding_id is not null,
    ranked.from_at,
    ranked.finding_id
