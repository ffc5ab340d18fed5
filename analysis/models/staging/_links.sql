-- One milestone of a chain, with the step that leads to it: what takes the time, and whose time it is. A chain is what
-- follows of one cause: a claim's way to its volume, a pod's way to its containers, both ways back, and what goes on
-- beside.
with chains (chain, direction, scope) as (
    values
        ('claim', 'up', 'volume'),
        ('pod', 'up', 'use'),
        ('pod_end', 'down', 'use'),
        ('claim_end', 'down', 'volume'),
        ('expand', 'beside', 'volume'),
        ('snapshot', 'beside', 'volume'),
        ('modify', 'beside', 'volume')
),

steps (chain, position, milestone, phase, link, owner, only_for, need, yields) as (
    values
        ('claim', 0, 'claim_created', null, null, null, null, 'must', 0),
        -- staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go and
        -- pkg/controller/volume/persistentvolume/pv_controller.go: a claim waits for a class, for a pod (delayed
        -- binding), for the scheduler's choice; then the annotation storage-provisioner hands it over.
        ('claim', 1, 'class_assigned', 'wait_class', 'provision', 'user', null, 'extra', 0),
        ('claim', 2, 'first_consumer', 'wait_consumer', 'provision', 'user', 'delayed', 'must', 1),
        ('claim', 3, 'node_selected', 'select_node', 'provision', 'scheduler', 'delayed', 'may', 0),
        ('claim', 4, 'provision_requested', 'hand_over', 'provision', 'PV controller', 'dynamic', 'must', 0),
        -- sig-storage-lib-external-provisioner, controller.go; external-provisioner, pkg/controller/controller.go
        ('claim', 5, 'create_called', 'provision_queue', 'provision', 'provisioner queue', 'dynamic', 'must', 0),
        ('claim', 6, 'create_answered', 'create', 'provision', 'driver', 'dynamic', 'must', 0),
        ('claim', 7, 'pv_created', 'save_pv', 'provision', 'provisioner', 'dynamic', 'must', 0),
        -- Where no volume fitted, someone had to make one by hand.
        ('claim', 8, 'pv_created', 'wait_volume', 'bind', 'user', 'static', 'extra', 1),
        -- pv_controller.go bind(): four writes, the claim's status last.
        ('claim', 9, 'claim_bound', 'bind', 'bind', 'PV controller', null, 'must', 0),

        ('pod', 0, 'pod_created', null, null, null, null, 'must', 0),
        -- pkg/scheduler/framework/plugins/volumebinding: spec.nodeName is written once all claims are bound.
        ('pod', 1, 'pod_scheduled', 'schedule', 'schedule', 'scheduler', null, 'must', 0),
        -- pkg/controller/volume/attachdetach/reconciler, pkg/volume/csi/csi_attacher.go
        ('pod', 2, 'attachment_created', 'attach_request', 'attach', 'A/D controller', 'attach', 'must', 0),
        -- external-attacher, pkg/controller/csi_handler.go
        ('pod', 3, 'publish_called', 'attach_queue', 'attach', 'attacher queue', 'attach', 'must', 0),
        ('pod', 4, 'publish_answered', 'controller_publish', 'attach', 'driver', 'attach', 'must', 0),
        ('pod', 5, 'attached', 'attach_report', 'attach', 'attacher', 'attach', 'must', 0),
        -- pkg/controller/volume/attachdetach/statusupdater/node_status_updater.go
        ('pod', 6, 'node_lists_attached', 'node_report', 'attach', 'A/D controller', 'attach', 'must', 0),
        -- pkg/volume/util/operationexecutor/operation_generator.go, GenerateVerifyControllerAttachedVolumeFunc:
        -- the kubelet looks again after 0.5, 1, 2, ... s.
        ('pod', 7, 'kubelet_accepted', 'kubelet_wait', 'attach', 'kubelet wait', 'attachable', 'must', 0),
        -- operation_generator.go, GenerateMountVolumeFunc: MountDevice, then SetUp (with fsGroup and SELinux).
        ('pod', 8, 'stage_called', 'mount_wait', 'stage', 'kubelet wait', 'stage', 'extra', 0),
        ('pod', 9, 'staged', 'stage', 'stage', 'stage', 'stage', 'may', 0),
        ('pod', 10, 'published', 'publish', 'publish', 'publish', null, 'must', 0),
        -- pkg/kubelet/kubelet.go, SyncPod: containers start once all volumes of the pod are mounted.
        ('pod', 11, 'containers_started', 'container_start', 'start', 'container start', null, 'must', 0),

        ('pod_end', 0, 'pod_deletion_asked', null, null, null, null, 'must', 2),
        -- pkg/kubelet/kubelet.go, SyncTerminatingPod and SyncTerminatedPod. A pod that has completed is unmounted
        -- without being deleted.
        ('pod_end', 1, 'containers_stopped', 'container_stop', 'stop', 'container stop', 'stops', 'may', 3),
        ('pod_end', 2, 'unpublished', 'node_unpublish', 'unpublish', 'unpublish', 'placed', 'may', 1),
        -- The kubelet lets the pod's object go once its volumes are unmounted; a detach goes on beside that.
        ('pod_end', 3, 'pod_gone', 'pod_removal', 'unpublish', 'kubelet', 'stays', 'must', 1),
        ('pod_end', 4, 'unstaged', 'node_unstage', 'unstage', 'unstage', 'unstage', 'may', 1),
        -- pkg/kubelet/kubelet_node_status.go: volumesInUse, the gate for a safe detach
        ('pod_end', 5, 'no_longer_in_use', 'node_release', 'unstage', 'kubelet wait', 'detach', 'may', 1),
        -- attachdetach/reconciler/reconciler.go: without waiting for the node after 6 minutes, or if that is out of
        -- service
        ('pod_end', 6, 'attachment_deletion_asked', 'detach_request', 'detach', 'A/D controller', 'detach', 'must', 0),
        ('pod_end', 7, 'unpublish_called', 'detach_queue', 'detach', 'attacher queue', 'detach', 'must', 0),
        ('pod_end', 8, 'unpublish_answered', 'controller_unpublish', 'detach', 'driver', 'detach', 'must', 0),
        ('pod_end', 9, 'attachment_gone', 'detach_report', 'detach', 'attacher', 'detach', 'must', 0),

        ('claim_end', 0, 'claim_deletion_asked', null, null, null, null, 'must', 0),
        -- pkg/controller/volume/pvcprotection/pvc_protection_controller.go: a claim stays while a scheduled pod names
        -- it.
        ('claim_end', 1, 'claim_gone', 'claim_protection', 'release', 'PVC protection', null, 'must', 0),
        ('claim_end', 2, 'pv_released', 'release_pv', 'release', 'PV controller', 'pv', 'may', 0),
        -- sig-storage-lib-external-provisioner, controller.go shouldDelete(); refused while a VolumeAttachment names
        -- the volume
        ('claim_end', 3, 'delete_called', 'delete_queue', 'delete', 'provisioner queue', 'delete', 'must', 0),
        ('claim_end', 4, 'delete_answered', 'delete_volume', 'delete', 'driver', 'delete', 'must', 0),
        ('claim_end', 5, 'pv_gone', 'pv_removal', 'delete', 'provisioner', 'delete', 'must', 1),

        ('expand', 0, 'expand_asked', null, null, null, null, 'must', 0),
        -- external-resizer, pkg/controller/expand_and_recover.go; pkg/volume/util/operationexecutor/node_expander.go
        ('expand', 1, 'expand_controller_done', 'controller_expand', 'expand', 'driver', null, 'must', 0),
        ('expand', 2, 'expand_node_pending', 'expand_report', 'expand', 'resizer', null, 'extra', 0),
        ('expand', 3, 'expand_done', 'node_expand', 'expand', 'kubelet wait', null, 'must', 0),

        ('snapshot', 0, 'snapshot_asked', null, null, null, null, 'must', 0),
        -- external-snapshotter, pkg/common-controller and pkg/sidecar-controller
        ('snapshot', 1, 'snapshot_cut', 'cut', 'snapshot', 'driver', null, 'must', 0),
        ('snapshot', 2, 'snapshot_ready', 'make_ready', 'snapshot', 'driver', null, 'must', 0),

        ('modify', 0, 'modify_asked', null, null, null, null, 'must', 0),
        -- external-resizer, pkg/modifycontroller/modify_volume.go
        ('modify', 1, 'modify_done', 'modify', 'modify', 'driver', null, 'must', 0)
),

shown as (
    select source, unnest(milestones) as milestone
    from (
        values
            ('persistentvolumeclaims', ['claim_created', 'class_assigned', 'node_selected', 'provision_requested']),
            ('persistentvolumeclaims', ['claim_bound', 'claim_deletion_asked', 'claim_gone']),
            ('persistentvolumeclaims', ['expand_asked', 'expand_node_pending', 'expand_done']),
            ('persistentvolumeclaims', ['modify_asked', 'modify_done']),
            ('pods', ['first_consumer', 'pod_created', 'pod_scheduled', 'containers_started']),
            ('pods', ['pod_deletion_asked', 'containers_stopped', 'pod_gone']),
            ('csi-provisioner', ['create_called', 'create_answered', 'delete_called', 'delete_answered']),
            ('persistentvolumes', ['pv_created', 'pv_released', 'pv_gone', 'expand_controller_done']),
            ('volumeattachments', ['attachment_created', 'attached', 'attachment_deletion_asked', 'attachment_gone']),
            ('csi-attacher', ['publish_called', 'publish_answered', 'unpublish_called', 'unpublish_answered']),
            ('nodes', ['node_lists_attached', 'no_longer_in_use']),
            ('kubelet', ['kubelet_accepted', 'stage_called', 'staged', 'published', 'unpublished', 'unstaged']),
            ('volumesnapshots', ['snapshot_asked', 'snapshot_ready']),
            ('volumesnapshotcontents', ['snapshot_cut'])
    ) as shown (source, milestones)
)

select
    -- `claim` and `claim_end` of a volume, `pod` and `pod_end` of a use; `expand`, `snapshot`, `modify` of a volume.
    chain,
    -- Place in the chain; its cause has 0.
    steps.position::int as position,
    -- `up`, `down` or `beside`.
    chains.direction,
    -- `volume` or `use`: whose milestone it is.
    chains.scope,
    milestone,
    -- Name of the step, and of the phase that it makes; no link of several steps has it. Null for the cause, which no
    -- step leads to.
    steps.phase,
    -- The link of the chain that the step belongs to.
    steps.link,
    -- Who has the time.
    steps.owner,
    -- What a subject must have for the step to be there (`_subjects`.features); null: every one has it.
    steps.only_for,
    -- `must`: every one comes to it. `may`: some go on without it. `extra`: few have it, and nobody waits for it.
    steps.need,
    -- What would have shown the milestone: a resource or a component, as in `_watched`.
    shown.source as shown_by,
    -- 0: never before what stands before it. Higher: where it is, it was no cause of the lower ones, and leaves the
    -- chain.
    steps.yields
from steps
join chains using (chain)
join shown using (milestone)
