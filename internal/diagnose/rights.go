package diagnose

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// binding is a RoleBinding or a ClusterRoleBinding (then without namespace).
type binding struct {
	name, namespace string
	role            rbacv1.RoleRef
	subjects        []rbacv1.Subject
}

func bindings(r *snapshot.Rights) []binding {
	var all []binding
	for i := range r.RoleBindings {
		b := &r.RoleBindings[i]
		all = append(all, binding{b.Name, b.Namespace, b.RoleRef, b.Subjects})
	}
	for i := range r.ClusterRoleBindings {
		b := &r.ClusterRoleBindings[i]
		all = append(all, binding{b.Name, "", b.RoleRef, b.Subjects})
	}
	return all
}

// String names the binding as kubectl would take it.
func (b binding) String() string {
	if b.namespace == "" {
		return "ClusterRoleBinding " + b.name
	}
	return "RoleBinding " + b.name
}

// reaches says whether what the binding gives holds in the namespace; an empty
// one is the cluster scope.
func (b binding) reaches(namespace string) bool {
	return b.namespace == "" || b.namespace == namespace
}

// names says whether the subject is one of those who are given the role.
func (b binding) names(who subject) bool {
	return slices.ContainsFunc(b.subjects, func(s rbacv1.Subject) bool {
		switch s.Kind {
		case rbacv1.ServiceAccountKind:
			return s.Name == who.account && (s.Namespace == who.namespace || s.Namespace == "" && b.namespace == who.namespace)
		case rbacv1.UserKind:
			return s.Name == who.user
		case rbacv1.GroupKind:
			return s.Name == "system:authenticated" || who.account != "" &&
				(s.Name == "system:serviceaccounts" || s.Name == "system:serviceaccounts:"+who.namespace)
		}
		return false
	})
}

// rules returns those of the binding's role, and false if there is no such.
func rules(r *snapshot.Rights, b binding) ([]rbacv1.PolicyRule, bool) {
	if b.role.Kind == "ClusterRole" {
		if role := snapshot.Named(r.ClusterRoles, b.role.Name); role != nil {
			return role.Rules, true
		}
		return nil, false
	}
	for i := range r.Roles {
		if r.Roles[i].Name == b.role.Name && r.Roles[i].Namespace == b.namespace {
			return r.Roles[i].Rules, true
		}
	}
	return nil, false
}

func allows(r *snapshot.Rights, who subject, d message.Denial) bool {
	return slices.ContainsFunc(bindings(r), func(b binding) bool {
		if !b.names(who) || !b.reaches(d.Namespace) {
			return false
		}
		given, _ := rules(r, b)
		return slices.ContainsFunc(given, func(rule rbacv1.PolicyRule) bool { return permits(rule, d) })
	})
}

// permits says whether the rule allows what was denied. One that is only about
// certain names does not: who was denied may have asked for another.
func permits(rule rbacv1.PolicyRule, d message.Denial) bool {
	return has(rule.APIGroups, d.Group) && has(rule.Resources, d.Resource) && has(rule.Verbs, d.Verb) && len(rule.ResourceNames) == 0
}

func has(list []string, want string) bool {
	return slices.Contains(list, want) || slices.Contains(list, "*")
}
