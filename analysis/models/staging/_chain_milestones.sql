-- One milestone of one subject where it stands in its chain, at an instant that follows those of the milestones
-- before it.
with placed as (
    select
        _subjects.subject_id,
        _placed.position,
        arg_min(_placed.yields, turn) as yields,
        arg_min(_placed.milestone, turn) as milestone,
        arg_min_null(_placed.happened_at, turn) as happened_at,
        arg_min_null(_placed.earliest, turn) as earliest,
        arg_min_null(_placed.latest, turn) as latest,
        arg_min_null(_placed.clock, turn) as clock,
        arg_min_null(_placed.evidence, turn) as evidence
    from _placed
    join _subjects using (chain, id, occurrence)
    where _placed.only_for is null or list_contains(_subjects.features || _subjects.doubts, _placed.only_for)
    group by _subjects.subject_id, _placed.position
),

reached as (
    select subject_id, max(position) as reached
    from placed
    group by subject_id
),

-- Where a detach was forced, a pod had completed, or a volume was deleted by hand, some milestones lie elsewhere than
-- the chain has them: they were no cause of what comes behind them there.
firm as (
    from placed
    where yields = 0
    union all
    from placed
    where yields in (1, 2)
        and not exists (
            from placed as other
            where other.subject_id = placed.subject_id
                and other.yields < placed.yields
                and if(other.position < placed.position, other.earliest > placed.latest, other.latest < placed.earliest)
        )
),

causal as (
    from firm
    union all
    from placed
    where yields = 3
        and not exists (
            from firm
            where firm.subject_id = placed.subject_id
                and if(firm.position < placed.position, firm.earliest > placed.latest, firm.latest < placed.earliest)
        )
),

-- Causes bound their effects from below, effects their causes from above.
bounded as (
    select
        *,
        max(earliest) over up_to_here as not_before,
        min(latest) over from_here as not_after
    from causal
    window
        up_to_here as (partition by subject_id order by position),
        from_here as (partition by subject_id order by position desc)
)

select
    subject_id,
    position,
    milestone,
    -- When it happened, on the recorder's clock, no earlier than the milestones before it; null: only its bounds are
    -- known.
    if(
        happened_at is null,
        null,
        max(if(not_before > not_after, happened_at, greatest(least(happened_at, not_after), not_before)))
            over (partition by subject_id order by position)
    ) as happened_at,
    -- No milestone up to this one, and so not this one, is earlier; null: not known.
    not_before,
    -- No milestone from this one on, and so not this one, is later. Earlier than not_before where the evidence
    -- contradicts itself.
    not_after,
    clock,
    evidence,
    -- The farthest place that the subject has a milestone at, in the order of the chain or not.
    reached.reached
from bounded
join reached using (subject_id)
