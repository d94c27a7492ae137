package diagnose

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

func TestDeployments(t *testing.T) {
	zero := int32(0)
	stuck := func(d *appsv1.Deployment) {
		d.Status.UpdatedReplicas = 1
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"}}
	}
	old := pod("web-0-a", crashed(1, "Error"), func(p *corev1.Pod) { p.OwnerReferences = ownedBy("ReplicaSet", "web-0") })
	before := replicaSet(1)
	before.Name, before.UID, before.Annotations = "web-0", "web-0", nil
	noImage := waiting("ErrImagePull", "not found")
	run(t, []tell{
		{name: "healthy", x: of(deployment(), replicaSet(3), pod("a"), pod("b"), pod("c"))},
		{name: "rolling out", x: of(deployment(stuckless), replicaSet(3), pod("a"), pod("b", waiting("ContainerCreating", "")))},
		{name: "no pods yet", x: of(deployment(stuckless), replicaSet(0))},
		{name: "scaled to zero", codes: "ScaledToZero", x: of(deployment(func(d *appsv1.Deployment) { d.Spec.Replicas = &zero })),
			texts: []string{"2 ScaledToZero: kubectl scale deployment/web --replicas=1 -n demo"}},
		{name: "paused", codes: "DeploymentPaused", x: of(deployment(func(d *appsv1.Deployment) { d.Spec.Paused, d.Status.UpdatedReplicas = true, 0 }))},
		{name: "paused when all was done", x: of(deployment(func(d *appsv1.Deployment) { d.Spec.Paused = true }), replicaSet(3), pod("a"))},
		{name: "not observed", codes: "GenerationNotObserved", x: of(deployment(func(d *appsv1.Deployment) { d.Generation = 2 }))},
		{name: "changed just now", x: of(deployment(func(d *appsv1.Deployment) {
			at := ago(time.Second)
			d.Generation, d.ManagedFields = 2, []metav1.ManagedFieldsEntry{{Time: &at}}
		}), replicaSet(3))},
		{name: "stuck", codes: "RolloutStuck NotReady ImagePull", x: of(deployment(stuck), replicaSet(1), pod("a", noImage)),
			texts: []string{"Pods of the new version: 1 of 3"}},
		{name: "most of the pods", codes: "NotReady CrashLoop", x: of(deployment(), replicaSet(3), pod("a", crashed(1, "Error")), pod("b", crashed(1, "Error")), pod("c", noImage)),
			texts: []string{"Ready pods of Deployment web: 0 of 3"}},
		{name: "the new version before the old", codes: "NotReady ImagePull", x: of(deployment(), before, replicaSet(1), old, pod("a", noImage)),
			texts: []string{"Ready pods of the new version of Deployment web: 0 of 3"}},
		{name: "the old version when the new is well", codes: "NotReady CrashLoop", x: of(deployment(), before, replicaSet(1), old, pod("a")),
			texts: []string{"Ready pods of the old version of Deployment web: 0 of 1"}},
		{name: "an evicted pod was replaced", x: of(deployment(), replicaSet(3), pod("a", evicted), pod("b"), pod("c"), pod("d"))},
		{name: "all were evicted", codes: "NotReady Evicted", x: of(deployment(), replicaSet(3), pod("a", evicted))},
		{name: "refused", codes: "NotReady QuotaExceeded", x: of(deployment(), replicaSet(1), pod("a"),
			event("ReplicaSet", "web-1", "FailedCreate", `Error creating: pods "web-1-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1`)),
			texts: []string{"has 1 of 3 pods", "ResourceQuota small does not allow it: asked for pods=1, in use pods=1, allowed pods=1"}},
		{name: "refused, says the condition", codes: "NotReady PodSecurity", x: of(replicaSet(0), deployment(func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue,
				Message: `pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged (container "web" must not set securityContext.privileged=true)`}}
		})), texts: []string{`"restricted"`, "privileged=true"}},
		{name: "refused earlier, made since", x: of(deployment(), replicaSet(1), pod("a", func(p *corev1.Pod) { p.CreationTimestamp = ago(0) }),
			event("ReplicaSet", "web-1", "FailedCreate", "exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1"))},
	})
}

func evicted(p *corev1.Pod) {
	unready(p)
	p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory."
}

func stuckless(d *appsv1.Deployment) {
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 1, UnavailableReplicas: 2}
}

func TestRefusals(t *testing.T) {
	refused := func(text string) func(explainer) []Cause {
		return func(x explainer) []Cause { return x.refusal(text) }
	}
	account := &corev1.ServiceAccount{ObjectMeta: objectMeta("builder")}
	run(t, []tell{
		{name: "quota wants limits", codes: "QuotaRequires", x: of(), ask: refused(`pods "a" is forbidden: failed quota: q: must specify limits.cpu for: web`), texts: []string{"limits.cpu for: web"}},
		{name: "limit range", codes: "LimitRange", x: of(), ask: refused(`pods "a" is forbidden: maximum cpu usage per Container is 500m, but limit is 1`), texts: []string{"maximum cpu usage per Container is 500m, but limit is 1."}},
		{name: "service account", codes: "MissingServiceAccount", x: of(account), ask: refused(`error looking up service account demo/biulder: serviceaccount "biulder" not found`), texts: []string{"nearly that name: builder"}},
		{name: "webhook", codes: "AdmissionDenied", x: of(), ask: refused(`admission webhook "guard" denied the request: no`)},
		{name: "rights", codes: "RBACDenied", x: of(), ask: refused(`pods is forbidden: User "jane" cannot create resource "pods" in API group "" in the namespace "demo"`), texts: []string{"User jane may not create pods in namespace demo", "can-i create pods --as=jane -n demo"}},
		{name: "selector", codes: "SelectorImmutable", x: of(), ask: refused(`Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: field is immutable`)},
		{name: "template", codes: "TemplateLabels", x: of(), ask: refused("spec.template.metadata.labels: Invalid value: {\"app\":\"b\"}: `selector` does not match template `labels`")},
		{name: "something else", codes: "Refused", x: of(), ask: refused("spec.replicas: Invalid value: -1"), texts: []string{"-1"}},
	})
}

func TestOtherWorkloads(t *testing.T) {
	three := int32(3)
	set := &appsv1.StatefulSet{ObjectMeta: objectMeta("db"), Spec: appsv1.StatefulSetSpec{Replicas: &three}}
	daemon := &appsv1.DaemonSet{ObjectMeta: objectMeta("agent"), Status: appsv1.DaemonSetStatus{ObservedGeneration: 1}}
	daemon.Spec.Template.Spec.NodeSelector = map[string]string{"gpu": "yes"}
	of1 := func(kind, name string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.OwnerReferences = ownedBy(kind, name) }
	}
	job := func(reason string) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: objectMeta("seed"), Status: batchv1.JobStatus{Failed: 2}}
		if reason != "" {
			j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: reason}}
		}
		return j
	}
	failed := pod("seed-a", of1("Job", "seed"), unready, func(p *corev1.Pod) {
		p.Spec.RestartPolicy, p.Status.Phase = corev1.RestartPolicyNever, corev1.PodFailed
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}}
	})
	words := logged{snapshot.LogRef{Pod: "seed-a", Container: "web"}, "no table\n"}
	yes := true
	cron := &batchv1.CronJob{ObjectMeta: objectMeta("nightly")}
	cronned := job("BackoffLimitExceeded")
	cronned.OwnerReferences = ownedBy("CronJob", "nightly")
	run(t, []tell{
		{name: "stateful set", ask: about("StatefulSet", "db"), codes: "NotReady CrashLoop", x: of(set, pod("db-0", of1("StatefulSet", "db"), crashed(1, "Error"))), texts: []string{"StatefulSet db: 0 of 3"}},
		{name: "daemon set", ask: about("DaemonSet", "agent"), codes: "NoNodes", x: of(daemon), texts: []string{"gpu=yes"}},
		{name: "failed job", ask: about("Job", "seed"), codes: "JobFailed CrashLoop", x: of(job("BackoffLimitExceeded"), failed, words), texts: []string{"2 failed pods", "backoffLimit", "no table"}},
		{name: "late job", ask: about("Job", "seed"), codes: "JobFailed", x: of(job("DeadlineExceeded")), texts: []string{"activeDeadlineSeconds"}},
		{name: "running job", ask: about("Job", "seed"), x: of(job(""), pod("seed-a", of1("Job", "seed")))},
		{name: "done job", ask: about("Job", "seed"), x: of(&batchv1.Job{ObjectMeta: objectMeta("seed"), Status: batchv1.JobStatus{
			Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}}}, failed, words)},
		{name: "suspended job", ask: about("Job", "seed"), codes: "Suspended", x: of(&batchv1.Job{ObjectMeta: objectMeta("seed"), Spec: batchv1.JobSpec{Suspend: &yes}})},
		{name: "cron job", ask: about("CronJob", "nightly"), codes: "JobFailed", x: of(cron, cronned)},
		{name: "idle cron job", ask: about("CronJob", "nightly"), x: of(cron)},
	})
}
