package message

import (
	"reflect"
	"strings"
	"testing"
)

func TestUnscheduled(t *testing.T) {
	tests := []struct {
		text string
		want []Unplaced
	}{
		{
			"0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
			[]Unplaced{{1, "Insufficient cpu"}},
		},
		{
			"0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 x.",
			[]Unplaced{{1, "Insufficient memory"}, {2, "node(s) didn't match Pod's node affinity/selector"}, {0, "no new claims to deallocate"}},
		},
		{`persistentvolumeclaim "data" not found`, []Unplaced{{0, `persistentvolumeclaim "data" not found`}}},
		{"", nil},
	}
	for _, test := range tests {
		if got := Unscheduled(test.text); !reflect.DeepEqual(got, test.want) {
			t.Errorf("Unscheduled(%q) = %+v, want %+v", test.text, got, test.want)
		}
	}
}

func TestTail(t *testing.T) {
	got := Tail("one\n\ntwo \nthree\n", 2)
	if want := []string{"two", "three"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Tail = %q, want %q", got, want)
	}
	if got := Tail("", 3); got != nil {
		t.Errorf("Tail of nothing = %q", got)
	}
	if got := Tail(strings.Repeat("é", 500), 1)[0]; len([]rune(got)) != 161 {
		t.Errorf("a long line has %d runes", len([]rune(got)))
	}
}

func TestRefusals(t *testing.T) {
	quota, ok := ExceededQuota(`pods "web-5c" is forbidden: exceeded quota: compute, requested: cpu=2,memory=1Gi, used: cpu=500m,memory=0, limited: cpu=1,memory=1Gi`)
	if want := (Quota{"compute", "cpu=2,memory=1Gi", "cpu=500m,memory=0", "cpu=1,memory=1Gi"}); !ok || quota != want {
		t.Errorf("ExceededQuota = %+v, %v", quota, ok)
	}
	name, fields, ok := QuotaWants(`pods "web-5c" is forbidden: failed quota: compute: must specify limits.cpu for: web; limits.memory for: web`)
	if !ok || name != "compute" || !strings.HasPrefix(fields, "limits.cpu") {
		t.Errorf("QuotaWants = %q, %q, %v", name, fields, ok)
	}
	level, how, ok := PodSecurity(`pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true)`)
	if !ok || level != "restricted" || !strings.HasPrefix(how, "runAsNonRoot") {
		t.Errorf("PodSecurity = %q, %q, %v", level, how, ok)
	}
	account, ok := MissingServiceAccount(`pods "web-" is forbidden: error looking up service account demo/builder: serviceaccount "builder" not found`)
	if !ok || account != "builder" {
		t.Errorf("MissingServiceAccount = %q, %v", account, ok)
	}
	for _, text := range []string{
		`admission webhook "guard.example.com" denied the request: no latest tags`,
		`deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'guard.example.com' with binding 'b' denied request: no latest tags`,
	} {
		if hook, why, ok := Webhook(text); !ok || hook != "guard.example.com" || why != "no latest tags" {
			t.Errorf("Webhook(%q) = %q, %q, %v", text, hook, why, ok)
		}
	}
	if _, ok := ExceededQuota(`pods "web" not found`); ok {
		t.Error("a quota was read where there is none")
	}
}

func TestLimitRange(t *testing.T) {
	tests := map[string]string{
		`pods "w" is forbidden: maximum cpu usage per Container is 500m, but limit is 1`:                           "maximum cpu usage per Container is 500m, but limit is 1",
		`pods "w" is forbidden: [minimum memory usage per Pod is 64Mi, but request is 1Mi, maximum cpu usage ...]`: "minimum memory usage per Pod is 64Mi, but request is 1Mi",
		`pods "w" is forbidden: maximum cpu usage per Container is 500m.  No limit is specified`:                   "maximum cpu usage per Container is 500m.  No limit is specified",
		`exceeded quota: compute`: "",
	}
	for text, want := range tests {
		if got, ok := LimitRange(text); got != want || ok != (want != "") {
			t.Errorf("LimitRange(%q) = %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestDenied(t *testing.T) {
	want := Denial{"system:serviceaccount:demo:app", "list", "deployments", "apps", "demo"}
	for _, text := range []string{
		`deployments.apps is forbidden: User "system:serviceaccount:demo:app" cannot list resource "deployments" in API group "apps" in the namespace "demo"`,
		`level=ERROR err="deployments.apps is forbidden: User \"system:serviceaccount:demo:app\" cannot list resource \"deployments\" in API group \"apps\" in the namespace \"demo\""`,
	} {
		if got, ok := Denied(text); !ok || got != want {
			t.Errorf("Denied(%q) = %+v, %v", text, got, ok)
		}
	}
	got, ok := Denied(`nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope`)
	if want := (Denial{User: "jane", Verb: "list", Resource: "nodes"}); !ok || got != want {
		t.Errorf("Denied = %+v, %v", got, ok)
	}
	if _, ok := Denied("403 Forbidden"); ok {
		t.Error("a denial was read where there is none")
	}
}

func TestUnhealthy(t *testing.T) {
	tests := []struct {
		text string
		want Probe
	}{
		{"Readiness probe failed: HTTP probe failed with statuscode: 404", Probe{"Readiness", ProbeStatus, 404, "HTTP probe failed with statuscode: 404"}},
		{`Liveness probe failed: Get "http://10.244.1.5:81/": dial tcp 10.244.1.5:81: connect: connection refused`, Probe{"Liveness", ProbeRefused, 0, `Get "http://10.244.1.5:81/": dial tcp 10.244.1.5:81: connect: connection refused`}},
		{`Startup probe failed: Get "http://10.244.1.5:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, Probe{"Startup", ProbeTimeout, 0, `Get "http://10.244.1.5:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`}},
		{"Readiness probe errored and resulted in unknown state: couldn't find port: http", Probe{"Readiness", ProbeNoPort, 0, "couldn't find port: http"}},
		{"Readiness probe failed: cat: /ready: No such file\n", Probe{"Readiness", ProbeOther, 0, "cat: /ready: No such file"}},
		{"Readiness probe failed: ", Probe{"Readiness", ProbeOther, 0, ""}},
	}
	for _, test := range tests {
		if got, ok := Unhealthy(test.text); !ok || got != test.want {
			t.Errorf("Unhealthy(%q) = %+v, %v; want %+v", test.text, got, ok, test.want)
		}
	}
	if _, ok := Unhealthy("Back-off restarting failed container"); ok {
		t.Error("a probe was read where there is none")
	}
	if kind, ok := KilledByProbe("Container web failed liveness probe, will be restarted"); !ok || kind != "Liveness" {
		t.Errorf("KilledByProbe = %q, %v", kind, ok)
	}
}
