//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/cmd/labkube/reset"
)

// history is a Deployment with two revisions.
const history = "history"

const baseline = `
apiVersion: v1
kind: Namespace
metadata: {name: ` + ns + `}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ` + ns + `}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "` + image + `"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: ` + ns + `}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "` + image + `", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: ` + ns + `}
spec: {containers: [{name: web, image: "` + image + `"}]}
`

const mischief = `
apiVersion: v1
kind: Namespace
metadata: {name: mine}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: stuck, namespace: mine, finalizers: [example.com/never]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mine, namespace: mine}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: stuck, namespace: mine, finalizers: [example.com/never]}
spec:
  containers: [{name: web, image: "` + image + `", volumeMounts: [{name: v, mountPath: /v}]}]
  volumes: [{name: v, persistentVolumeClaim: {claimName: mine}}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Foo, plural: foos}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`

const stuckFoo = `
apiVersion: example.com/v1
kind: Foo
metadata: {name: a, namespace: mine, finalizers: [example.com/never]}
`

// TestReset does what learners do, and worse, and goes back, twice.
func TestReset(t *testing.T) {
	c := start(t)
	c.kubectl(baseline, "apply", "-f", "-")
	c.kubectl("", "-n", ns, "wait", "--for=condition=Ready", "--timeout=60s", "pod", "--all")
	c.kubectl("", "-n", ns, "rollout", "status", "statefulset/db", "deployment/web", "--timeout=60s")
	c.kubectl("", "-n", ns, "exec", "db-0", "--", "sh", "-c", "echo old > /data/f")
	c.kubectl("", "create", "deployment", history, "--image="+image)
	c.kubectl("", "set", "env", "deployment/"+history, "RELEASE=2")
	c.kubectl("", "rollout", "status", "deployment/"+history, "--timeout=60s")
	var nothing struct{}
	c.post("/baseline", &nothing)
	watch, err := c.kubernetes.AppsV1().Deployments(ns).Watch(c.ctx, metav1.ListOptions{})
	c.must(err)
	defer watch.Stop()

	for range 2 {
		c.wreck()
		var result reset.Result
		c.post("/reset", &result)
		t.Logf("reset in %d ms: %d edits, %d pods", result.Milliseconds, result.Edits, result.Pods)
		c.inspect()
	}
	// The watch from before saw all of it.
	c.kubectl("", "-n", ns, "annotate", "deployment", "web", "last=event")
	for event := range watch.ResultChan() {
		object, ok := event.Object.(metav1.Object)
		if !ok {
			t.Fatalf("the watch broke: %+v", event)
		}
		if object.GetAnnotations()["last"] == "event" {
			return
		}
	}
	t.Fatal("the watch ended")
}

func (c *cluster) wreck() {
	c.kubectl("", "-n", ns, "exec", "db-0", "--", "sh", "-c", "echo new > /data/f; echo new > /data/g")
	c.kubectl(mischief, "apply", "-f", "-")
	c.kubectl("", "wait", "--for=condition=Established", "crd/foos.example.com")
	c.kubectl(stuckFoo, "apply", "-f", "-")
	c.kubectl("", "cordon", "lab-control-plane")
	c.kubectl("", "taint", "node", "lab-control-plane", "a=b:NoSchedule")
	c.kubectl("", "label", "node", "lab-control-plane", "mine=yes")
	c.kubectl("", "delete", "storageclass/standard", "clusterrole/view")
	c.kubectl("", "delete", "deployment", history)
	c.kubectl("", "wait", "--for=delete", "pod,replicaset", "-l", "app="+history, "--timeout=60s")
	c.kubectl("", "-n", ns, "delete", "deployment", "web", "--cascade=orphan")
	c.kubectl("", "delete", "namespace", ns, "--wait=false") // ends only after the reset has begun
}

func (c *cluster) inspect() {
	core := c.kubernetes.CoreV1()
	namespace, err := core.Namespaces().Get(c.ctx, ns, metav1.GetOptions{})
	c.must(err)
	if namespace.Status.Phase != corev1.NamespaceActive {
		c.Errorf("namespace %s is %s", ns, namespace.Status.Phase)
	}
	if _, err := core.Namespaces().Get(c.ctx, "mine", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		c.Errorf("the learner's namespace: %v", err)
	}
	if got := c.kubectl("", "-n", ns, "exec", "db-0", "--", "sh", "-c", "ls /data; cat /data/f"); got != "f\nold\n" {
		c.Errorf("the volume holds %q", got)
	}
	machine, err := core.Nodes().Get(c.ctx, "lab-control-plane", metav1.GetOptions{})
	c.must(err)
	if machine.Spec.Unschedulable || len(machine.Spec.Taints) > 0 || machine.Labels["mine"] != "" {
		c.Errorf("the node keeps marks: %+v %v", machine.Spec, machine.Labels)
	}
	c.kubectl("", "get", "storageclass/standard", "clusterrole/view")
	if got := c.kubectl("", "get", "crd", "-o", "name"); strings.Contains(got, "foos") {
		c.Error("the learner's kind is still there")
	}
	volumes, err := core.PersistentVolumes().List(c.ctx, metav1.ListOptions{})
	c.must(err)
	if len(volumes.Items) != 1 {
		c.Errorf("%d volumes, want 1", len(volumes.Items))
	}
	pods, err := core.Pods("").List(c.ctx, metav1.ListOptions{})
	c.must(err)
	running := 0
	for _, pod := range pods.Items {
		if pod.Namespace == ns && pod.Status.Phase == corev1.PodRunning {
			running++
		} else if pod.Namespace == "mine" {
			c.Errorf("pod %s/%s is still there", pod.Namespace, pod.Name)
		}
	}
	c.kubectl("", "rollout", "status", "deployment/"+history, "--timeout=10s")
	if got := c.kubectl("", "rollout", "history", "deployment/"+history); !strings.Contains(got, "\n1 ") || !strings.Contains(got, "\n2 ") {
		c.Errorf("the deployment's revisions are\n%s", got)
	}
	if running != 4 {
		c.Errorf("%d pods run, want 2 of web, db-0 and bare", running)
	}
}
