package diagnose

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

func refusedRight(account string) logged {
	return logged{snapshot.LogRef{Pod: "a", Container: "web"},
		`error: pods is forbidden: User "system:serviceaccount:demo:` + account + `" cannot list resource "pods" in API group "" in the namespace "demo"`}
}

func role(name string, verbs ...string) rbacv1.Role {
	return rbacv1.Role{ObjectMeta: objectMeta(name), Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: verbs}}}
}

func bind(role, account, namespace string) rbacv1.RoleBinding {
	return rbacv1.RoleBinding{
		ObjectMeta: objectMeta("bind-" + role),
		RoleRef:    rbacv1.RoleRef{Kind: "Role", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: namespace}},
	}
}

func TestRights(t *testing.T) {
	ask := about("Pod", "a")
	roles := func(roles ...rbacv1.Role) *snapshot.Rights {
		return &snapshot.Rights{Roles: roles, ClusterRoles: []rbacv1.ClusterRole{{
			ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}},
		}}, ClusterRoleBindings: []rbacv1.ClusterRoleBinding{{RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "cluster-admin"}}}}
	}
	bound := func(r *snapshot.Rights, b ...rbacv1.RoleBinding) *snapshot.Rights {
		r.RoleBindings = b
		return r
	}
	elsewhere := bind("reader", "app", "demo")
	elsewhere.Namespace = "default"
	named := role("reader", "list")
	named.Rules[0].ResourceNames = []string{"one"}
	run(t, []tell{
		{name: "nobody may", ask: ask, codes: "RBACDenied NotBound", x: of(pod("a"), refusedRight("app"), roles()),
			texts: []string{"ServiceAccount app of namespace demo may not list pods in namespace demo", "kubectl auth can-i list pods --as=system:serviceaccount:demo:app -n demo"}},
		{name: "verb is missing", ask: ask, codes: "RBACDenied RoleLacksRule", x: of(pod("a"), refusedRight("app"), bound(roles(role("reader", "get")), bind("reader", "app", "demo"))),
			texts: []string{"The role allows only get of pods", "Add the verb list on pods"}},
		{name: "certain names only", ask: ask, codes: "RBACDenied RoleLacksRule", x: of(pod("a"), refusedRight("app"), bound(roles(named), bind("reader", "app", "demo"))), texts: []string{"certain names only: one"}},
		{name: "role is missing", ask: ask, codes: "RBACDenied MissingRole", x: of(pod("a"), refusedRight("app"), bound(roles(role("reader", "list")), bind("raeder", "app", "demo"))), texts: []string{"nearly that name: reader"}},
		{name: "bound to another", ask: ask, codes: "RBACDenied NotBound", x: of(pod("a"), refusedRight("app"), bound(roles(role("reader", "list")), bind("reader", "apps", "demo"))),
			texts: []string{"to ServiceAccount apps", "set subject rolebinding bind-reader --serviceaccount=demo:app"}},
		{name: "bound in another namespace's name", ask: ask, codes: "RBACDenied NotBound", x: of(pod("a"), refusedRight("app"), bound(roles(role("reader", "list")), bind("reader", "app", "default"))), texts: []string{"app of namespace default"}},
		{name: "bound elsewhere", ask: ask, codes: "RBACDenied NotBound", x: of(pod("a"), refusedRight("app"), bound(roles(func() rbacv1.Role {
			r := role("reader", "list")
			r.Namespace = "default"
			return r
		}()), elsewhere)), texts: []string{"in namespace default only"}},
		{name: "wrong account", ask: ask, codes: "RBACDenied WrongServiceAccount", x: of(pod("a"), refusedRight("default"), bound(roles(role("reader", "list")), bind("reader", "app", "demo"))), texts: []string{"serviceAccountName"}},
		{name: "allowed meanwhile", ask: ask, x: of(pod("a"), refusedRight("app"), bound(roles(role("reader", "list")), bind("reader", "app", "demo")))},
		{name: "crashes of it", ask: ask, codes: "CrashLoop RBACDenied NotBound", x: of(pod("a", crashed(1, "Error")), roles(),
			logged{snapshot.LogRef{Pod: "a", Container: "web", Previous: true}, refusedRight("app").text})},
		{name: "says nothing of it", ask: ask, x: of(pod("a"), roles())},
	})
}

func TestWants(t *testing.T) {
	x := of(pod("a", crashed(1, "Error"), func(p *corev1.Pod) { p.Spec.Containers[0].Name, p.Status.ContainerStatuses[0].Name = "app", "app" }))
	x.pod(x.Pod("a"))
	wants := x.TakeWants()
	if len(wants.Logs) != 1 || wants.Logs[0] != (snapshot.LogRef{Pod: "a", Container: "app", Previous: true}) {
		t.Errorf("wants %+v", wants)
	}
	if x.Log(wants.Logs[0]); x.TakeWants().Empty() {
		t.Error("a log that is not known is not wanted")
	}
	if !x.TakeWants().Empty() {
		t.Error("wants are not taken")
	}
}
