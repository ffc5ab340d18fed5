-- One group of phases: how long they take, by Kaplan-Meier over `samples` (group_key, duration_us, is_complete). A phase
-- that is still open, or whose beginning was not seen, is known to take longer than its duration_us: it counts as
-- right-censored there. Bounds are the 95 % ones of Brookmeyer and Crowley on the log-log scale.
with times as (
    select
        group_key,
        duration_us,
        count(*) as leaving,
        count(*) filter (is_complete) as ended
    from samples
    group by group_key, duration_us
),

at_risk as (
    select *, sum(leaving) over (partition by group_key order by duration_us desc) as at_risk
    from times
),

curve as (
    select
        group_key,
        duration_us,
        product(1 - ended / at_risk) over up_to_here as survival,
        -- Greenwood's sum; beyond the last end its variance is not defined.
        sum(if(ended < at_risk, ended / (at_risk * (at_risk - ended)), null)) over up_to_here as variance
    from at_risk
    where ended > 0
    window up_to_here as (partition by group_key order by duration_us)
),

bounded as (
    select
        group_key,
        duration_us,
        survival,
        -- 1.96: the normal distribution's 97.5 %.
        if(survival > 1e-12, exp(-exp(ln(-ln(survival)) + spread)), 0) as survival_low,
        if(survival > 1e-12, exp(-exp(ln(-ln(survival)) - spread)), null) as survival_high
    from (
        select *, 1.959963984540054 * sqrt(variance) / abs(ln(survival)) as spread
        from curve
    )
),

quantiles as (
    select
        bounded.group_key,
        wanted.quantile,
        -- The sums are rounded: what is one half but for the last bit is one half.
        min(duration_us) filter (survival <= 1 - wanted.quantile + 1e-12) as at_us,
        min(duration_us) filter (survival_low <= 1 - wanted.quantile + 1e-12) as low_us,
        min(duration_us) filter (survival_high <= 1 - wanted.quantile + 1e-12) as high_us
    from bounded
    cross join (values (0.5), (0.9), (0.95), (0.99)) as wanted (quantile)
    group by bounded.group_key, wanted.quantile
)

select
    samples.group_key,
    any_value(samples.phases) as phases,
    any_value(samples.censored) as censored,
    any_value(samples.shortest_us) as shortest_us,
    any_value(samples.longest_us) as longest_us,
    max(at_us) filter (quantile = 0.5) as p50_us,
    max(low_us) filter (quantile = 0.5) as p50_low_us,
    max(high_us) filter (quantile = 0.5) as p50_high_us,
    max(at_us) filter (quantile = 0.9) as p90_us,
    max(low_us) filter (quantile = 0.9) as p90_low_us,
    max(high_us) filter (quantile = 0.9) as p90_high_us,
    max(at_us) filter (quantile = 0.95) as p95_us,
    max(low_us) filter (quantile = 0.95) as p95_low_us,
    max(high_us) filter (quantile = 0.95) as p95_high_us,
    max(at_us) filter (quantile = 0.99) as p99_us,
    max(low_us) filter (quantile = 0.99) as p99_low_us,
    max(high_us) filter (quantile = 0.99) as p99_high_us
from (
    select
        group_key,
        count(*) as phases,
        count(*) filter (not is_complete) as censored,
        min(duration_us) filter (is_complete) as shortest_us,
        max(duration_us) as longest_us
    from samples
    group by group_key
) as samples
left join quantiles on quantiles.group_key = samples.group_key
group by samples.group_key
