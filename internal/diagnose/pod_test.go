package diagnose

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

func TestHealthyPods(t *testing.T) {
	ask := about("Pod", "web-1-a")
	restarted := func(c *corev1.Pod) {
		crashed(1, "Error")(c)
		c.Status.ContainerStatuses[0].Ready = true
		c.Status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(9 * time.Minute)}}
		c.Status.ContainerStatuses[0].LastTerminationState.Terminated.FinishedAt = ago(10 * time.Minute)
	}
	run(t, []tell{
		{name: "ready", ask: ask, x: of(pod("web-1-a"))},
		{name: "a readiness failure before it became ready", ask: ask, x: of(pod("web-1-a", probed),
			event("Pod", "web-1-a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"))},
		{name: "restarted long ago", ask: ask, x: of(pod("web-1-a", restarted))},
		{name: "just created", ask: ask, x: of(pod("web-1-a", unplaced(""), func(p *corev1.Pod) {
			p.Status.Conditions, p.CreationTimestamp = nil, ago(time.Second)
		}))},
		{name: "creating its container", ask: ask, x: of(pod("web-1-a", waiting("ContainerCreating", "")))},
		{name: "started a second ago", ask: ask, x: of(pod("web-1-a", unready, probed, func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].State.Running.StartedAt = ago(time.Second)
		}), event("Pod", "web-1-a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"))},
		{name: "being deleted", ask: ask, x: of(pod("web-1-a", unready, func(p *corev1.Pod) {
			at := ago(-20 * time.Second)
			p.DeletionTimestamp = &at
		}))},
		{name: "done with its init container", ask: ask, x: of(pod("web-1-a", func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Name: "setup"}}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}}
		}))},
	})
}

func TestStarting(t *testing.T) {
	ask := about("Pod", "web-1-a")
	image := func(name string) func(*corev1.Pod) {
		return with(func(c *corev1.Container) { c.Image = name })
	}
	notFound := waiting("ImagePullBackOff", `Back-off pulling image "x": ErrImagePull: rpc error: code = NotFound desc = failed to resolve reference: not found`)
	run(t, []tell{
		{name: "wrong tag", ask: ask, codes: "ImagePull",
			x:     of(pod("web-1-a", notFound, image("labctl.dev/web:v9"))),
			texts: []string{"no tag v9", "v1 and v2", "web=labctl.dev/web:v"}},
		{name: "wrong name", ask: ask, codes: "ImagePull",
			x:     of(pod("web-1-a", notFound, image("labctl.dev/wbe:v1"))),
			texts: []string{"nearly that name: labctl.dev/web:v1", "1 ImagePull", "2 ImagePull"}},
		{name: "no registry", ask: ask, codes: "ImagePull",
			x:     of(pod("web-1-a", waiting("ErrImagePull", "dial tcp: lookup registry-1.docker.io: no such host"), image("web:v1"))),
			texts: []string{"labctl.dev/web:v1", "not known here"}},
		{name: "always pulled", ask: ask, codes: "ImagePull",
			x: of(pod("web-1-a", notFound, with(func(c *corev1.Container) { c.ImagePullPolicy = corev1.PullAlways }))), texts: []string{"IfNotPresent"}},
		{name: "nothing like it", ask: ask, codes: "ImagePull",
			x: of(pod("web-1-a", notFound, image("postgres:17"))), texts: []string{"letter by letter"}},
		{name: "invalid name", ask: ask, codes: "InvalidImageName",
			x: of(pod("web-1-a", waiting("InvalidImageName", `couldn't parse image name "Web V1"`), image("Web V1"))), texts: []string{`"Web V1"`}},
		{name: "no such executable", ask: ask, codes: "CrashLoop ContainerCreateError",
			x: of(pod("web-1-a", crashed(128, "StartError"), with(func(c *corev1.Container) { c.Command = []string{"sevre"} }), func(p *corev1.Pod) {
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated.Message =
					`failed to create containerd task: runc create failed: exec: "sevre": executable file not found in $PATH: unknown`
			})), texts: []string{`exec: "sevre": executable file not found in $PATH`, `Its command is ["sevre"]`}},
		{name: "runs as root", ask: ask, codes: "ContainerCreateError",
			x: of(pod("web-1-a", waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"))), texts: []string{"runAsNonRoot"}},
		{name: "no sandbox", ask: ask, codes: "ContainerCreateError",
			x: of(pod("web-1-a", waiting("ContainerCreating", "")), event("Pod", "web-1-a", "FailedCreatePodSandBox", "no network"))},
		{name: "mount fails", ask: ask, codes: "MountFailed",
			x: of(pod("web-1-a", waiting("ContainerCreating", "")), event("Pod", "web-1-a", "FailedMount", "MountVolume.SetUp failed"))},
	})
}

func TestCrashes(t *testing.T) {
	ask := about("Pod", "web-1-a")
	said := func(text string) logged {
		return logged{snapshot.LogRef{Pod: "web-1-a", Container: "web", Previous: true}, text}
	}
	killing := event("Pod", "web-1-a", "Killing", "Container web failed liveness probe, will be restarted")
	run(t, []tell{
		{name: "last words", ask: ask, codes: "CrashLoop",
			x:     of(pod("web-1-a", crashed(1, "Error")), said("one\ntwo\npanic: no DSN\n")),
			texts: []string{"4 restarts", "exit code 1", "panic: no DSN", "kubectl logs web-1-a --previous -n demo"}},
		{name: "silent", ask: ask, codes: "CrashLoop", x: of(pod("web-1-a", crashed(3, "Error")), said("")), texts: []string{"printed nothing"}},
		{name: "finished", ask: ask, codes: "CrashLoop Completed", x: of(pod("web-1-a", crashed(0, "Completed")), said("bye\n"))},
		{name: "out of memory", ask: ask, codes: "CrashLoop OOMKilled",
			x: of(pod("web-1-a", crashed(137, "OOMKilled"), with(func(c *corev1.Container) {
				c.Resources.Limits = corev1.ResourceList{"memory": resource.MustParse("16Mi")}
			}))), texts: []string{"16Mi"}},
		{name: "liveness", ask: ask, codes: "CrashLoop LivenessFailing WrongPath",
			x: of(pod("web-1-a", crashed(0, "Completed"), with(func(c *corev1.Container) { c.LivenessProbe = get("/alive", intstr.FromInt32(8080)) })),
				killing, event("Pod", "web-1-a", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404")),
			texts: []string{"GET /alive on port 8080 → status 404"}},
		{name: "startup", ask: ask, codes: "CrashLoop StartupFailing WrongPort",
			x: of(pod("web-1-a", crashed(0, "Completed"), with(func(c *corev1.Container) { c.StartupProbe = get("/", intstr.FromInt32(81)) })),
				event("Pod", "web-1-a", "Killing", "Container web failed startup probe, will be restarted"),
				event("Pod", "web-1-a", "Unhealthy", `Startup probe failed: Get "http://10.0.0.1:81/": connect: connection refused`))},
		{name: "an earlier life was killed by the probe", ask: ask, codes: "CrashLoop",
			x: of(pod("web-1-a", crashed(1, "Error")), said("boom"), func() *corev1.Event {
				e := *killing
				e.LastTimestamp = ago(5 * time.Minute)
				return &e
			}())},
		{name: "init container", ask: ask, codes: "CrashLoop",
			x: of(pod("web-1-a", waiting("PodInitializing", ""), func(p *corev1.Pod) {
				p.Spec.InitContainers = []corev1.Container{{Name: "setup"}}
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2}}}}
			}), logged{snapshot.LogRef{Pod: "web-1-a", Container: "setup"}, "no database"}),
			texts: []string{"Init container setup of pod web-1-a has ended", "no database", "kubectl logs web-1-a -c setup -n demo"}},
		{name: "done, bare", ask: ask, codes: "Completed", x: of(pod("web-1-a", func(p *corev1.Pod) {
			p.Status.Phase, p.OwnerReferences = corev1.PodSucceeded, nil
		}))},
		{name: "evicted", ask: ask, codes: "Evicted", x: of(pod("web-1-a", evicted)), texts: []string{"low on resource: memory"}},
	})
}

func get(path string, port intstr.IntOrString) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: port}}}
}

func probed(p *corev1.Pod) {
	p.Spec.Containers[0].ReadinessProbe = get("/ready", intstr.FromInt32(8080))
}

func TestReadiness(t *testing.T) {
	ask := about("Pod", "web-1-a")
	fails := func(text string) *corev1.Event {
		return event("Pod", "web-1-a", "Unhealthy", "Readiness probe failed: "+text)
	}
	port := func(port intstr.IntOrString) func(*corev1.Pod) {
		return with(func(c *corev1.Container) { c.ReadinessProbe = get("/ready", port) })
	}
	command := with(func(c *corev1.Container) {
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"cat", "/ready"}}}}
	})
	run(t, []tell{
		{name: "says 503", ask: ask, codes: "ReadinessFailing", x: of(pod("web-1-a", unready, probed), fails("HTTP probe failed with statuscode: 503")),
			texts: []string{"GET /ready on port 8080 → status 503", "so the pod gets no requests"}},
		{name: "unknown path", ask: ask, codes: "ReadinessFailing WrongPath", x: of(pod("web-1-a", unready, probed), fails("HTTP probe failed with statuscode: 404")),
			texts: []string{"does not know the path /ready"}},
		{name: "wrong port", ask: ask, codes: "ReadinessFailing WrongPort", x: of(pod("web-1-a", unready, port(intstr.FromInt32(8081))), fails("dial tcp: connect: connection refused")),
			texts: []string{"listens on 8080 (http)", "2 WrongPort: Set the port of the readiness probe to 8080 (http)"}},
		{name: "nothing listens", ask: ask, codes: "ReadinessFailing WrongPort", x: of(pod("web-1-a", unready, probed), fails("dial tcp: connect: connection refused")),
			texts: []string{"Nothing listens on port 8080"}},
		{name: "unknown port name", ask: ask, codes: "ReadinessFailing WrongPort",
			x: of(pod("web-1-a", unready, port(intstr.FromString("htpp"))), event("Pod", "web-1-a", "Unhealthy", "Readiness probe errored and resulted in unknown state: couldn't find port: htpp"))},
		{name: "slow", ask: ask, codes: "ReadinessFailing", x: of(pod("web-1-a", unready, probed), fails("context deadline exceeded")), texts: []string{"1 s"}},
		{name: "command", ask: ask, codes: "ReadinessFailing", x: of(pod("web-1-a", unready, command), fails("cat: /ready: No such file")), texts: []string{"run cat /ready → cat: /ready: No such file"}},
		{name: "of an earlier life", ask: ask, x: of(pod("web-1-a", unready, probed, func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].State.Running.StartedAt = ago(6 * time.Second)
		}), fails("HTTP probe failed with statuscode: 503"))},
		{name: "another pod's", ask: ask, x: of(pod("web-1-a", unready, probed), event("Pod", "web-1-b", "Unhealthy", "Readiness probe failed: x"))},
	})
}

func TestTerminating(t *testing.T) {
	at := ago(time.Minute)
	stuck := func(p *corev1.Pod) { p.DeletionTimestamp, p.Finalizers = &at, []string{"example.com/hold"} }
	lost := node("node-1", func(n *corev1.Node) {
		n.Status.Conditions[0] = corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Message: "Kubelet stopped posting node status."}
	})
	run(t, []tell{
		{name: "finalizer", ask: about("Pod", "a"), codes: "TerminatingStuck", x: of(pod("a", stuck)), texts: []string{"example.com/hold"}},
		{name: "lost node", ask: about("Pod", "a"), codes: "TerminatingStuck NodeNotReady",
			x: of(lost, pod("a", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: at.Time} }))},
		{name: "on a lost node", ask: about("Pod", "a"), codes: "NodeNotReady", x: of(lost, pod("a", unready))},
		{name: "the node itself", ask: about("Node", "node-1"), codes: "NodeNotReady", x: of(lost)},
		{name: "a healthy node", ask: about("Node", "node-1"), x: of()},
	})
}
