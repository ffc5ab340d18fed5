-- One phase of a volume ($volume_id) or of one of its uses: the volume's own first, then use by use.
select
    phases.*,
    uses.namespace,
    uses.pod,
    uses.node
from phases
left join uses using (use_id)
where phases.volume_id = $volume_id
    and ($begin::timestamptz is null or phases.ends_at is null or phases.ends_at >= $begin)
    and ($end::timestamptz is null or phases.begins_at < $end)
order by uses.first_seq nulls first, phases.use_id nulls first, phases.begins_at, phases.evidence_from
