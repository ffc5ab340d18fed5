-- One milestone of a volume and of its uses ($volume_id), in the order in which they happened.
select
    milestones.*,
    uses.namespace,
    uses.pod,
    uses.node,
    coalesce(milestones.happened_at, milestones.latest) as instant
from milestones
left join uses using (use_id)
where milestones.volume_id = $volume_id
    and ($begin::timestamptz is null or instant >= $begin)
    and ($end::timestamptz is null or instant < $end)
order by instant, milestones.evidence
