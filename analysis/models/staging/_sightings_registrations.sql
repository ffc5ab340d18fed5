-- One version of a CSINode in which a driver is first listed, or no longer.
with versions as (
    select
        name as node,
        seq,
        if(type in ('DELETED', 'VANISHED'), [], coalesce([each.name for each in node_drivers], [])) as drivers,
        coalesce(lag(drivers) over lives, []) as drivers_before,
        first_value(seq) over lives as first_seq
    from objects
    where kind = 'CSINode'
    window lives as (partition by uid order by seq)
),

turns as (
    select
        'driver_registered' as milestone,
        node,
        seq,
        first_seq,
        unnest(list_filter(drivers, lambda name: not list_contains(drivers_before, name))) as driver
    from versions
    union all
    select
        'driver_lost',
        node,
        seq,
        first_seq,
        unnest(list_filter(drivers_before, lambda name: not list_contains(drivers, name)))
    from versions
)

select
    milestone,
    node,
    driver,
    row_number() over (partition by milestone, node, driver order by seq) as occurrence,
    seq,
    first_seq,
    'CSINode spec.drivers' as source
from turns
