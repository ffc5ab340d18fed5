-- One time that a CSI driver was registered on a node, or was lost there.
select
    -- The node.
    node,
    -- Name of the driver.
    driver,
    -- `driver_registered` or `driver_lost`.
    milestone,
    -- The how manieth time, as far as the trace shows.
    occurrence,
    -- When, on the recorder's clock; null if nothing is known but that it was before `latest`.
    told_at as happened_at,
    -- It did not happen before; null where nothing says so.
    earliest,
    -- It did not happen after.
    latest,
    -- From earliest to latest, in microseconds; null where earliest is not known.
    epoch_us(latest) - epoch_us(earliest) as precision_us,
    -- The clock that dates it.
    clock,
    -- The signal that dates it.
    source,
    -- Row of the trace that it was read from.
    seq as evidence
from _signals_sightings
where milestone in ('driver_registered', 'driver_lost')
order by latest, seq
