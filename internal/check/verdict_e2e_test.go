//go:build e2e && linux

package check

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"labctl.dev/labctl/internal/lab"
)

func TestProbesSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)
	tests := map[string]lab.Expect{
		"an object":        deployment("self.status.readyReplicas == 2"),
		"pods of":          {Kubernetes: &lab.KubernetesProbe{Kind: "Pod", Of: "deployment/web"}, That: "self.items.size() == 2"},
		"pods of service":  {Kubernetes: &lab.KubernetesProbe{Kind: "Pod", Of: "service/web"}, That: "self.items.size() == 2"},
		"a selector":       {Kubernetes: &lab.KubernetesProbe{Kind: "Pod", Selector: "app=web"}, That: "self.items.size() == 2"},
		"absence":          {Kubernetes: &lab.KubernetesProbe{Kind: "Deployment", Name: "wbe", Absent: true}},
		"absent kind":      {Kubernetes: &lab.KubernetesProbe{Kind: "Widget", APIVersion: "example.com/v1", Absent: true}},
		"answers":          {HTTP: &lab.HTTPProbe{Service: "web", Count: 5}},
		"json and headers": {HTTP: &lab.HTTPProbe{Service: "web", Port: "80", Headers: map[string]string{"Accept": "application/json"}}, That: `self.json.version == "v1" && self.headers["x-labapp-version"] == "v1"`},
		"status":           {HTTP: &lab.HTTPProbe{Service: "web", Path: "/none"}, That: "self.status == 404 && self.ok == 1"},
		"a command":        {Exec: &lab.ExecProbe{Of: "deployment/web", Command: []string{"printenv", "A"}}, That: `self.stdout == "1\n"`},
		"commands":         {Exec: &lab.ExecProbe{Of: "deployment/web", Command: []string{"false"}, All: true}, That: "self.results.size() == 2 && self.results.all(r, r.exitCode == 1)"},
		"no such command":  {Exec: &lab.ExecProbe{Of: "deployment/web", Command: []string{"nothing"}}, That: "self.exitCode == 127"},
		"logs":             {Logs: &lab.LogsProbe{Of: "deployment/web"}, That: `self.lines.size() >= 2 && self.text.contains("8080")`},
		"events":           {Events: &lab.EventsProbe{Of: "deployment/web", Reason: "ScalingReplicaSet"}, That: "self.items.size() == 1"},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			sub := *w
			sub.T = t
			if r := sub.run(lab.Check{Expect: []lab.Expect{x}}); r.Verdict != Pass {
				t.Error(explain(r))
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	broken := func(change string) string {
		return strings.Replace(shop, "labctl.dev/web:v1", change, 1)
	}
	const patience = time.Minute
	ready := within(patience, deployment("self.status.readyReplicas == 2"))
	tests := map[string]struct {
		objects string
		x       lab.Expect
		want    Verdict
		code    string
	}{
		"not there":           {"", ready, Fail, CodeNotFound},
		"in the wrong place":  {shop, within(patience, lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Deployment", Name: "web", Namespace: "default"}}), Fail, CodeNotFound},
		"on its way":          {shop, ready, Pass, ""},
		"an image is missing": {broken("labctl.dev/none:v1"), ready, Fail, CodeNotAsExpected},
		"it crashes":          {broken("labctl.dev/web:v1\n        command: [\"false\"]"), ready, Fail, CodeNotAsExpected},
		"no room":             {broken("labctl.dev/web:v1\n        resources: {requests: {cpu: 4k}}"), ready, Fail, CodeNotAsExpected},
		"late":                {shop, within(time.Millisecond, deployment("self.status.readyReplicas == 2")), Pending, CodeNotAsExpected},
		"written wrong":       {shop, deployment("self.spec.replicas == 3"), Fail, CodeNotAsExpected},
		"no service":          {"", within(patience, lab.Expect{HTTP: &lab.HTTPProbe{Service: "web"}}), Fail, CodeNotFound},
		"a lab's mistake":     {shop, within(patience, deployment("self.spec.replicas == params.none")), Error, CodeExpressionFailed},
		"no such kind":        {"", within(patience, lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Deploiment", Name: "web"}}), Error, CodeProbeFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			w.applyOnly(tt.objects)
			r := w.run(lab.Check{Expect: []lab.Expect{tt.x}})
			if r.Verdict != tt.want || r.Code != tt.code {
				t.Error(explain(r))
			}
			if r.WaitedMs >= patience.Milliseconds() {
				t.Errorf("it waited to the end for what could not come: %s", explain(r))
			}
		})
	}
}

func TestZeroDowntime(t *testing.T) {
	t.Parallel()
	check := lab.Check{
		While: []lab.Stimulus{{Load: &lab.LoadStimulus{Service: "web", Path: "/slow?ms=100", RPS: 20, As: "users"}}},
		When:  []lab.Stimulus{{Rollout: &lab.RolloutStimulus{Deployment: "web", Image: "labctl.dev/web:v2"}}},
		Expect: []lab.Expect{{
			Load:        &lab.LoadProbe{Of: "users"},
			That:        `self.total > 40 && self.failed == 0 && self.versions.exists(v, v == "v2") && self.pods.size() >= 2`,
			Contradicts: "self.failed > 0", Code: "RequestsFailed", Within: lab.Duration(20 * time.Second), For: lab.Duration(time.Second),
		}},
	}
	if r := newWorld(t, shop).run(check); r.Verdict != Pass {
		t.Error(explain(r))
	}
	careless := strings.Replace(shop, "replicas: 2", "replicas: 2\n  strategy: {type: Recreate}", 1)
	if r := newWorld(t, careless).run(check); r.Verdict != Fail || r.Code != "RequestsFailed" {
		t.Error(explain(r))
	}
}

func TestProberComesBack(t *testing.T) {
	w := newWorld(t, shop)
	if err := EnsureProber(t.Context(), w.client); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Typed.CoreV1().Namespaces().Delete(t.Context(), ProberNamespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := w.client.Typed.CoreV1().Namespaces().Get(t.Context(), ProberNamespace, metav1.GetOptions{})
		if err != nil || !sleep(t.Context(), 200*time.Millisecond) {
			break
		}
	}
	if r := w.run(lab.Check{Expect: []lab.Expect{{HTTP: &lab.HTTPProbe{Service: "web"}}}}); r.Verdict != Pass {
		t.Error(explain(r))
	}
}

// TestProberIsPutBack gives the helper pod names of the learner's own.
func TestProberIsPutBack(t *testing.T) {
	w := newWorld(t, shop)
	if err := EnsureProber(t.Context(), w.client); err != nil {
		t.Fatal(err)
	}
	host := "none." + w.namespace + ".svc.cluster.local"
	service, err := w.client.Typed.CoreV1().Services(w.namespace).Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	patch := `{"spec":{"template":{"spec":{"hostAliases":[{"ip":"` + service.Spec.ClusterIP + `","hostnames":["` + host + `"]}]}}}}`
	if _, err := w.client.Typed.AppsV1().Deployments(ProberNamespace).Patch(t.Context(), "prober", types.StrategicMergePatchType,
		[]byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	changed := func() bool {
		pods, err := w.client.Typed.CoreV1().Pods(ProberNamespace).List(t.Context(), metav1.ListOptions{})
		return err == nil && len(pods.Items) == 1 && len(pods.Items[0].Spec.HostAliases) > 0 && pods.Items[0].Status.Phase == "Running"
	}
	for !changed() && sleep(t.Context(), 100*time.Millisecond) {
	}
	x := lab.Expect{HTTP: &lab.HTTPProbe{URL: "http://" + host + "/"}}
	if r := w.run(lab.Check{Expect: []lab.Expect{x}}); r.Verdict != Fail {
		t.Error(explain(r))
	}
}

func TestWatchFollows(t *testing.T) {
	w := newWorld(t, shop)
	x := lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "ConfigMap", Name: "settings"}, That: `self.data.greeting == "bye"`}
	r := w.runner(
		lab.Check{ID: "says", Expect: []lab.Expect{x}},
		lab.Check{ID: "after", Needs: []string{"says"}, Expect: []lab.Expect{{HTTP: &lab.HTTPProbe{Service: "web"}}}},
		lab.Check{ID: "heavy", When: []lab.Stimulus{{Scale: &lab.ScaleStimulus{Of: "deployment/web"}}}, Expect: []lab.Expect{x}},
	)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	reports := make(chan []Verdict, 100)
	go func() {
		_ = r.Watch(ctx, Options{}, func(report Report) { // it ends with ctx
			var v []Verdict
			for _, c := range report.Tasks[0].Checks {
				v = append(v, c.Verdict)
			}
			reports <- v
		})
	}()
	await := func(want ...Verdict) {
		for {
			select {
			case got := <-reports:
				if strings.Join(words(got), " ") == strings.Join(words(want), " ") {
					return
				}
			case <-ctx.Done():
				t.Fatalf("%v never came", want)
			}
		}
	}
	await(Fail, Blocked, Pending)
	_, err := w.client.Typed.CoreV1().ConfigMaps(w.namespace).Patch(t.Context(), "settings", types.MergePatchType, []byte(`{"data":{"greeting":"bye"}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(Pass, Blocked, Pending)
	await(Pass, Pass, Pending)
	if err := w.client.Typed.CoreV1().ConfigMaps(w.namespace).Delete(t.Context(), "settings", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await(Fail, Pass, Pending) // what passed is looked at again only when a watch tells of a change
	await(Fail, Blocked, Pending)
}

func words(verdicts []Verdict) []string {
	var w []string
	for _, v := range verdicts {
		w = append(w, string(v))
	}
	return w
}
