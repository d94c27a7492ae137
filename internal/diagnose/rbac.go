package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/near"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// whyDenied explains what the subject lacks: the role it is given falls short or
// is not there, the role is given elsewhere or to somebody else, or to nobody.
func (x explainer) whyDenied(r *snapshot.Rights, who subject, d message.Denial, p *corev1.Pod) []Cause {
	all := bindings(r)
	for _, b := range all {
		if !b.names(who) || isBuiltIn(b) {
			continue
		}
		if _, there := rules(r, b); !there {
			return missingRole(r, b)
		}
		if b.reaches(d.Namespace) {
			return shortRole(r, b, d)
		}
	}
	for _, b := range all {
		if given, ok := rules(r, b); ok && !isBuiltIn(b) && slices.ContainsFunc(given, func(rule rbacv1.PolicyRule) bool { return permits(rule, d) }) {
			return misbound(b, who, d, p)
		}
	}
	return []Cause{
		seen(NotBound, "No role that allows it is given to anybody."),
		fix(NotBound, "Create a role and bind it: kubectl create role NAME --verb=%s --resource=%s -n %s; kubectl create rolebinding NAME --role=NAME --serviceaccount=%s:%s -n %s",
			d.Verb, resourceName(d), d.Namespace, who.namespace, who.account, d.Namespace),
	}
}

// isBuiltIn tells what every cluster has and every account is given.
func isBuiltIn(b binding) bool {
	return b.namespace == "" && (b.role.Name == "cluster-admin" || len(b.role.Name) > 7 && b.role.Name[:7] == "system:")
}

func missingRole(r *snapshot.Rights, b binding) []Cause {
	chain := []Cause{seen(MissingRole, "%s gives it %s %s, which does not exist.", b, b.role.Kind, b.role.Name)}
	var names []string
	for i := range r.Roles {
		if r.Roles[i].Namespace == b.namespace {
			names = append(names, r.Roles[i].Name)
		}
	}
	if b.role.Kind == "ClusterRole" {
		names = snapshot.Names(r.ClusterRoles)
	}
	if nearest, ok := near.Best(b.role.Name, names); ok {
		chain = append(chain, look(MissingRole, "There is a %s of nearly that name: %s.", b.role.Kind, nearest))
	}
	return append(chain, fix(MissingRole, "Create the role, or make the binding anew: its roleRef cannot be changed."))
}

// shortRole explains how a role that is given falls short of what was asked.
func shortRole(r *snapshot.Rights, b binding, d message.Denial) []Cause {
	given, _ := rules(r, b)
	what := "has no rule about " + resourceName(d)
	for _, rule := range given {
		switch {
		case has(rule.Resources, d.Resource) && has(rule.APIGroups, d.Group) && has(rule.Verbs, d.Verb):
			what = "allows it for certain names only: " + and(rule.ResourceNames)
		case has(rule.Resources, d.Resource) && has(rule.APIGroups, d.Group):
			what = "allows only " + and(rule.Verbs) + " of " + resourceName(d)
		case has(rule.Resources, d.Resource):
			what = "has " + d.Resource + ", but not of the API group \"" + d.Group + "\""
		}
	}
	return []Cause{
		seen(RoleLacksRule, "It is given %s %s (by %s), which does not allow that.", b.role.Kind, b.role.Name, b),
		look(RoleLacksRule, "The role %s. See: kubectl describe %s %s%s", what, lower(b.role.Kind), b.role.Name, inNamespace(b)),
		fix(RoleLacksRule, "Add the verb %s on %s (apiGroups: [%q]) to it.", d.Verb, d.Resource, d.Group),
	}
}

func inNamespace(b binding) string {
	if b.role.Kind == "ClusterRole" {
		return ""
	}
	return " -n " + b.namespace
}

// misbound explains a right that is given, but elsewhere or to somebody else.
func misbound(b binding, who subject, d message.Denial, p *corev1.Pod) []Cause {
	if b.names(who) {
		return []Cause{seen(NotBound, "%s gives it the right in namespace %s only.", b, b.namespace)}
	}
	var to []string
	for _, s := range b.subjects {
		name := s.Kind + " " + s.Name
		if s.Namespace != "" && s.Namespace != d.Namespace {
			name += " of namespace " + s.Namespace
		}
		to = append(to, name)
	}
	if p != nil && who.account == "default" {
		return []Cause{
			seen(WrongServiceAccount, "Pod %s names no service account, so it runs as %q.", p.Name, who.account),
			look(WrongServiceAccount, "%s gives the right to %s.", b, orNobody(and(to))),
			fix(WrongServiceAccount, "Set serviceAccountName in the pod's template."),
		}
	}
	return []Cause{
		seen(NotBound, "%s gives the right, but to somebody else.", b),
		look(NotBound, "It gives it to %s. Compare name and namespace with: %s.", orNobody(and(to)), who),
		fix(NotBound, "kubectl set subject rolebinding %s --serviceaccount=%s:%s -n %s", b.name, who.namespace, who.account, b.namespace),
	}
}

func orNobody(text string) string {
	if text == "" {
		return "nobody"
	}
	return text
}
