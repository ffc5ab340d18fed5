-- One milestone of a chain, with the step that leads to it: what takes the time, and whose time it is. A chain is what
-- follows of one cause: a claim's way to its volume, a pod's way to its containers, both ways back, and what goes on beside.
select
    -- `claim` and `claim_end` of a volume, `pod` and `pod_end` of a use; `expand`, `snapshot` and `modify` of a volume.
    chain,
    -- Place in the chain; its cause has 0.
    position::int as position,
    -- `up`, `down` or `beside`.
    direction,
    -- `volume` or `use`: whose milestone it is.
    scope,
    milestone,
    -- Name of the step, and of the phase that it makes; null for the cause, which no step leads to.
    phase,
    -- The link of the chain that the step belongs to.
    link,
    -- Who has the time.
    owner,
    -- What a subject must have for the step to be there (`_subjects`.features); null: every one has it.
    only_for,
    -- `must`: every one comes to it. `may`: some go on without it. `extra`: few have it, and nobody waits for it.
    need,
    -- What would have shown the milestone: a resource or a component, as in `_watched`.
    shown_by,
    -- 0: never before what stands before it. Higher: where it is, it was no cause of the lower ones, and leaves the chain.
    yields
from (
    values
        ('claim', 0, 'up', 'volume', 'claim_created', null, null, null, null, 'must', 'persistentvolumeclaims', 0),
        -- staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go, pkg/controller/volume/persistentvolume/pv_controller.go:
        -- a claim waits for a class, for a pod (delayed binding), for the scheduler's choice; then the annotation
        -- storage-provisioner hands it to the external provisioner.
        ('claim', 1, 'up', 'volume', 'class_assigned', 'wait_class', 'provision', 'user', null, 'extra', 'persistentvolumeclaims', 0),
        ('claim', 2, 'up', 'volume', 'first_consumer', 'wait_consumer', 'provision', 'user', 'delayed', 'must', 'pods', 1),
        ('claim', 3, 'up', 'volume', 'node_selected', 'select_node', 'provision', 'scheduler', 'delayed', 'may', 'persistentvolumeclaims', 0),
        ('claim', 4, 'up', 'volume', 'provision_requested', 'hand_over', 'provision', 'PV controller', 'dynamic', 'must', 'persistentvolumeclaims', 0),
        -- sig-storage-lib-external-provisioner, controller.go; external-provisioner, pkg/controller/controller.go
        ('claim', 5, 'up', 'volume', 'create_called', 'provision_queue', 'provision', 'provisioner queue', 'dynamic', 'must', 'csi-provisioner', 0),
        ('claim', 6, 'up', 'volume', 'create_answered', 'create', 'provision', 'driver', 'dynamic', 'must', 'csi-provisioner', 0),
        ('claim', 7, 'up', 'volume', 'pv_created', 'save_pv', 'provision', 'provisioner', 'dynamic', 'must', 'persistentvolumes', 0),
        -- pv_controller.go bind(): four writes, the claim's status last.
        ('claim', 8, 'up', 'volume', 'claim_bound', 'bind', 'bind', 'PV controller', null, 'must', 'persistentvolumeclaims', 0),

        ('pod', 0, 'up', 'use', 'pod_created', null, null, null, null, 'must', 'pods', 0),
        -- pkg/scheduler/framework/plugins/volumebinding: spec.nodeName is written once all claims are bound.
        ('pod', 1, 'up', 'use', 'pod_scheduled', 'schedule', 'schedule', 'scheduler', null, 'must', 'pods', 0),
        -- pkg/controller/volume/attachdetach/reconciler, pkg/volume/csi/csi_attacher.go
        ('pod', 2, 'up', 'use', 'attachment_created', 'attach_request', 'attach', 'A/D controller', 'attach', 'must', 'volumeattachments', 0),
        -- external-attacher, pkg/controller/csi_handler.go
        ('pod', 3, 'up', 'use', 'publish_called', 'attach_queue', 'attach', 'attacher queue', 'attach', 'must', 'csi-attacher', 0),
        ('pod', 4, 'up', 'use', 'publish_answered', 'controller_publish', 'attach', 'driver', 'attach', 'must', 'csi-attacher', 0),
        ('pod', 5, 'up', 'use', 'attached', 'attach_report', 'attach', 'attacher', 'attach', 'must', 'volumeattachments', 0),
        -- pkg/controller/volume/attachdetach/statusupdater/node_status_updater.go
        ('pod', 6, 'up', 'use', 'node_lists_attached', 'node_report', 'attach', 'A/D controller', 'attach', 'must', 'nodes', 0),
        -- pkg/volume/util/operationexecutor/operation_generator.go, GenerateVerifyControllerAttachedVolumeFunc: the kubelet
        -- looks again after 0.5, 1, 2, ... s.
        ('pod', 7, 'up', 'use', 'kubelet_accepted', 'kubelet_wait', 'attach', 'kubelet wait', 'attachable', 'must', 'kubelet', 0),
        -- operation_generator.go, GenerateMountVolumeFunc: MountDevice, then SetUp (with fsGroup and SELinux).
        ('pod', 8, 'up', 'use', 'staged', 'stage', 'stage', 'stage', 'stage', 'may', 'kubelet', 0),
        ('pod', 9, 'up', 'use', 'published', 'publish', 'publish', 'publish', null, 'must', 'kubelet', 0),
        -- pkg/kubelet/kubelet.go, SyncPod: containers start once all volumes of the pod are mounted.
        ('pod', 10, 'up', 'use', 'containers_started', 'container_start', 'start', 'container start', null, 'must', 'pods', 0),

        ('pod_end', 0, 'down', 'use', 'pod_deletion_asked', null, null, null, null, 'must', 'pods', 2),
        -- pkg/kubelet/kubelet.go, SyncTerminatingPod and SyncTerminatedPod; a pod that has completed is unmounted without being deleted.
        ('pod_end', 1, 'down', 'use', 'containers_stopped', 'container_stop', 'stop', 'container stop', null, 'may', 'pods', 3),
        ('pod_end', 2, 'down', 'use', 'unpublished', 'unpublish', 'unpublish', 'unpublish', null, 'may', 'kubelet', 1),
        -- The kubelet lets the pod's object go once its volumes are unmounted; where the volume is then detached, that goes on beside it.
        ('pod_end', 3, 'down', 'use', 'pod_gone', 'pod_removal', 'unpublish', 'kubelet', 'stays', 'must', 'pods', 1),
        ('pod_end', 4, 'down', 'use', 'unstaged', 'unstage', 'unstage', 'unstage', 'unstage', 'may', 'kubelet', 1),
        -- pkg/kubelet/kubelet_node_status.go: volumesInUse, the gate for a safe detach
        ('pod_end', 5, 'down', 'use', 'no_longer_in_use', 'node_release', 'unstage', 'kubelet wait', 'detach', 'may', 'nodes', 1),
        -- attachdetach/reconciler/reconciler.go: detached without waiting for the node after 6 minutes or by the out-of-service taint
        ('pod_end', 6, 'down', 'use', 'attachment_deletion_asked', 'detach_request', 'detach', 'A/D controller', 'detach', 'must', 'volumeattachments', 0),
        ('pod_end', 7, 'down', 'use', 'unpublish_called', 'detach_queue', 'detach', 'attacher queue', 'detach', 'must', 'csi-attacher', 0),
        ('pod_end', 8, 'down', 'use', 'unpublish_answered', 'controller_unpublish', 'detach', 'driver', 'detach', 'must', 'csi-attacher', 0),
        ('pod_end', 9, 'down', 'use', 'attachment_gone', 'detach_report', 'detach', 'attacher', 'detach', 'must', 'volumeattachments', 0),

        ('claim_end', 0, 'down', 'volume', 'claim_deletion_asked', null, null, null, null, 'must', 'persistentvolumeclaims', 0),
        -- pkg/controller/volume/pvcprotection/pvc_protection_controller.go: a claim stays while a scheduled pod names it.
        ('claim_end', 1, 'down', 'volume', 'claim_gone', 'claim_protection', 'release', 'PVC protection', null, 'must', 'persistentvolumeclaims', 0),
        ('claim_end', 2, 'down', 'volume', 'pv_released', 'release', 'release', 'PV controller', 'pv', 'may', 'persistentvolumes', 0),
        -- sig-storage-lib-external-provisioner, controller.go shouldDelete(); refused while a VolumeAttachment names the volume
        ('claim_end', 3, 'down', 'volume', 'delete_called', 'delete_queue', 'delete', 'provisioner queue', 'delete', 'must', 'csi-provisioner', 0),
        ('claim_end', 4, 'down', 'volume', 'delete_answered', 'delete', 'delete', 'driver', 'delete', 'must', 'csi-provisioner', 0),
        ('claim_end', 5, 'down', 'volume', 'pv_gone', 'pv_removal', 'delete', 'provisioner', 'delete', 'must', 'persistentvolumes', 1),

        ('expand', 0, 'beside', 'volume', 'expand_asked', null, null, null, null, 'must', 'persistentvolumeclaims', 0),
        -- external-resizer, pkg/controller/expand_and_recover.go; pkg/volume/util/operationexecutor/node_expander.go
        ('expand', 1, 'beside', 'volume', 'expand_controller_done', 'controller_expand', 'expand', 'driver', null, 'must', 'persistentvolumes', 0),
        ('expand', 2, 'beside', 'volume', 'expand_node_pending', 'expand_report', 'expand', 'resizer', null, 'extra', 'persistentvolumeclaims', 0),
        ('expand', 3, 'beside', 'volume', 'expand_done', 'node_expand', 'expand', 'kubelet wait', null, 'must', 'persistentvolumeclaims', 0),

        ('snapshot', 0, 'beside', 'volume', 'snapshot_asked', null, null, null, null, 'must', 'volumesnapshots', 0),
        -- external-snapshotter, pkg/common-controller and pkg/sidecar-controller
        ('snapshot', 1, 'beside', 'volume', 'snapshot_cut', 'cut', 'snapshot', 'driver', null, 'must', 'volumesnapshotcontents', 0),
        ('snapshot', 2, 'beside', 'volume', 'snapshot_ready', 'make_ready', 'snapshot', 'driver', null, 'must', 'volumesnapshots', 0),

        ('modify', 0, 'beside', 'volume', 'modify_asked', null, null, null, null, 'must', 'persistentvolumeclaims', 0),
        -- external-resizer, pkg/modifycontroller/modify_volume.go
        ('modify', 1, 'beside', 'volume', 'modify_done', 'modify', 'modify', 'driver', null, 'must', 'persistentvolumeclaims', 0)
) as steps (
    chain, position, direction, scope, milestone, phase, link, owner, only_for, need, shown_by, yields
)
