//go:build e2e && linux

package diagnose

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"labctl.dev/labctl/internal/engine/embedded/embeddedtest"
	"labctl.dev/labctl/internal/kube"
)

// requestTo asks the Service web from its own pod, which has to fail, and then
// why.
func requestTo(client *kube.Client, port string) ask {
	return func(ctx context.Context, d *Diagnoser, namespace string) []Cause {
		pods, err := client.PodsOf(ctx, namespace, "deployment/web")
		if err != nil || len(pods) == 0 || !isReady(&pods[0]) {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		var said strings.Builder
		code, err := client.Exec(ctx, kube.Command{
			Namespace: namespace, Pod: pods[0].Name, Container: "web", Stdout: &said, Stderr: &said,
			Argv: []string{"wget", "-T", "1", "-O", "/dev/null", "http://web:" + port + "/"},
		})
		if err != nil || code == 0 {
			return nil
		}
		return d.Request(ctx, Request{Namespace: namespace, Service: "web", Port: port, ErrorKind: said.String()})
	}
}

func TestServiceCauses(t *testing.T) {
	service := object("Service", "web")
	client := embeddedtest.Client(t)
	image := func(name string) func(*corev1.Pod) { return with(func(c *corev1.Container) { c.Image = name }) }
	reproduce(t, []reproduced{
		{name: "selector mismatch", ask: service, objects: []runtime.Object{web(), front(selects("app", "wbe"))},
			codes: "NoEndpoints SelectorMismatch", texts: []string{"pods of Deployment web carry app=web"}},
		{name: "no pods", ask: service, objects: []runtime.Object{front(selects("app", "nobody"))}, codes: "NoEndpoints SelectorMismatch"},
		{name: "no selector", ask: service, objects: []runtime.Object{web(), front(func(s *corev1.Service) { s.Spec.Selector = nil })}, codes: "NoEndpoints NoSelector"},
		{name: "wrong target port", ask: requestTo(client, "80"), objects: []runtime.Object{web(), front(to(intstr.FromInt32(9090)))},
			codes: "ConnectionRefused WrongTargetPort", texts: []string{"leads to port 9090", "8080 (http)"}},
		{name: "wrong target port name", ask: service, objects: []runtime.Object{web(), front(to(intstr.FromString("htpp")))}, codes: "WrongTargetPort"},
		{name: "wrong port", ask: requestTo(client, "8080"), objects: []runtime.Object{web(), front()}, codes: "WrongPort", texts: []string{"It has: 80"}},
		{name: "to the image", ask: service, objects: []runtime.Object{web(image("labctl.dev/web:v9")), front()}, codes: "NoEndpoints NotReady ImagePull"},
		{name: "to the crash", ask: service, objects: []runtime.Object{web(env("FAIL_START", "no database")), front()}, codes: "NoEndpoints NotReady CrashLoop", texts: []string{"no database"}},
		{name: "to the key", ask: service, objects: []runtime.Object{web(fromConfigMap("GREETING", "web", "greeting")), config("web", "GREETING"), front()}, codes: "NoEndpoints NotReady MissingKey"},
	})
}

func config(name string, keys ...string) *corev1.ConfigMap {
	c := &corev1.ConfigMap{Data: map[string]string{}}
	c.Name = name
	for _, key := range keys {
		c.Data[key] = "value"
	}
	return c
}
