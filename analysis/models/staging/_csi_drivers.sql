-- One CSIDriver, as it was last known.
select
    name as driver,
    -- Whether its volumes are attached before they are mounted: unless it says that they need not be
    -- (`pkg/volume/csi/csi_plugin.go`, CanAttach and skipAttach).
    arg_max(coalesce(attach_required, true), seq) as attaches
from objects
where kind = 'CSIDriver' and type != 'VANISHED'
group by name
