-- One group of phases: the log-rank statistic of two samples of it, over `samples` (side, group_key, duration_us,
-- is_complete) with side 'a' or 'b'. Chi-squared with one degree of freedom when both come from one distribution.
with times as (
    select
        group_key,
        duration_us,
        count(*) as leaving,
        count(*) filter (side = 'a') as leaving_a,
        count(*) filter (is_complete) as ended,
        count(*) filter (is_complete and side = 'a') as ended_a
    from samples
    group by group_key, duration_us
),

at_risk as (
    select
        *,
        sum(leaving) over from_here_on as at_risk,
        sum(leaving_a) over from_here_on as at_risk_a
    from times
    window from_here_on as (partition by group_key order by duration_us desc)
),

steps as (
    select
        group_key,
        ended_a,
        ended * at_risk_a / at_risk as expected_a,
        -- Of one that is alone at risk nothing can be learnt.
        if(
            at_risk > 1,
            ended * (at_risk_a / at_risk) * (1 - at_risk_a / at_risk) * (at_risk - ended) / (at_risk - 1),
            0
        ) as variance
    from at_risk
    where ended > 0
)

select
    group_key,
    if(sum(variance) > 0, (sum(ended_a) - sum(expected_a)) ** 2 / sum(variance), null) as chi_squared
from steps
group by group_key
