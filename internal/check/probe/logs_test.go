package probe

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"labctl.dev/labctl/internal/kube"
)

func TestLogsAreReadInPart(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web"}}}}
	client := fake.NewClientset(pod)
	l := &logs{env: &Env{Client: kube.FromParts(client, nil, nil), Namespace: "shop"}}
	if _, err := l.read(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	for _, action := range client.Actions() {
		if asked, ok := action.(clienttesting.GenericAction); ok && action.GetSubresource() == "log" {
			o, _ := asked.GetValue().(*corev1.PodLogOptions)
			if o == nil || o.TailLines == nil || o.LimitBytes == nil || *o.LimitBytes != maxOutput {
				t.Errorf("asked for %+v", o)
			}
			return
		}
	}
	t.Error("no log was asked for")
}
