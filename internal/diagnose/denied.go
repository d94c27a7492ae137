package diagnose

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// deniedIn explains the first of the pods that prints that it may not do
// something.
func (x explainer) deniedIn(pods []*corev1.Pod) []Cause {
	for i, p := range newestFirst(pods) {
		if chain := x.denied(p); chain != nil || i == 2 {
			return chain // replicas tell the same story
		}
	}
	return nil
}

// denied explains a pod whose last lines tell of a refusal of the API's.
func (x explainer) denied(p *corev1.Pod) []Cause {
	for _, c := range containers(p) {
		if c.status.State.Running == nil {
			continue
		}
		log := x.Log(snapshot.LogRef{Pod: p.Name, Container: c.spec.Name})
		if denial, ok := message.Denied(log); ok {
			return x.denial(denial, p)
		}
	}
	return nil
}

// denial explains why RBAC refuses something: nil if it does not any more. The
// pod is the one that asked, if one did.
func (x explainer) denial(d message.Denial, p *corev1.Pod) []Cause {
	rights := x.Access()
	who := subjectOf(d.User)
	chain := []Cause{
		seen(RBACDenied, "%s may not %s %s%s.", who, d.Verb, resourceName(d), where(d)),
		look(RBACDenied, "Ask the API yourself: %s", canI(d)),
	}
	if rights == nil {
		return chain
	}
	if allows(rights, who, d) {
		return nil
	}
	return append(chain, x.whyDenied(rights, who, d, p)...)
}

func resourceName(d message.Denial) string {
	if d.Group == "" {
		return d.Resource
	}
	return d.Resource + "." + d.Group
}

func where(d message.Denial) string {
	if d.Namespace == "" {
		return " in the whole cluster"
	}
	return " in namespace " + d.Namespace
}

func canI(d message.Denial) string {
	command := "kubectl auth can-i " + d.Verb + " " + resourceName(d) + " --as=" + d.User
	if d.Namespace != "" {
		command += " -n " + d.Namespace
	}
	return command
}

// subject is who asks: a service account, or a user.
type subject struct {
	account, namespace string // of a service account
	user               string
}

func subjectOf(user string) subject {
	if parts := strings.Split(user, ":"); len(parts) == 4 && strings.HasPrefix(user, "system:serviceaccount:") {
		return subject{account: parts[3], namespace: parts[2], user: user}
	}
	return subject{user: user}
}

// String names the subject in a sentence.
func (s subject) String() string {
	if s.account == "" {
		return "User " + s.user
	}
	return "ServiceAccount " + s.account + " of namespace " + s.namespace
}
