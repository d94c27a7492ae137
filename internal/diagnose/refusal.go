package diagnose

import (
	"strings"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/near"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// refusal explains why the API refused an object, from what it said.
func (x explainer) refusal(text string) []Cause {
	for _, explanation := range []func(string) []Cause{
		x.overQuota, x.quotaRequires, x.limitRange, x.podSecurity, x.noServiceAccount,
		x.webhook, x.forbidden, x.badSelector,
	} {
		if chain := explanation(text); chain != nil {
			return chain
		}
	}
	if text == "" {
		return nil
	}
	return []Cause{seen(Refused, "The API refused: %s", trimDetail(text))}
}

func (x explainer) overQuota(text string) []Cause {
	q, ok := message.ExceededQuota(text)
	if !ok {
		return nil
	}
	return []Cause{
		seen(QuotaExceeded, "ResourceQuota %s does not allow it: asked for %s, in use %s, allowed %s.",
			q.Name, spaced(q.Requested), spaced(q.Used), spaced(q.Limited)),
		look(QuotaExceeded, "See what uses it up: %s", x.kubectl("describe quota %s", q.Name)),
		fix(QuotaExceeded, "Ask for less (replicas, requests, limits), free what is not needed, or raise the quota."),
	}
}

// spaced makes "cpu=1,memory=2Gi" wrap well.
func spaced(amounts string) string { return strings.ReplaceAll(amounts, ",", ", ") }

func (x explainer) quotaRequires(text string) []Cause {
	name, fields, ok := message.QuotaWants(text)
	if !ok {
		return nil
	}
	return []Cause{
		seen(QuotaRequires, "ResourceQuota %s takes only pods that say what they need.", name),
		look(QuotaRequires, "It misses: %s", fields),
		fix(QuotaRequires, "Set those resources on the containers, or give the namespace a LimitRange with defaults."),
	}
}

func (x explainer) limitRange(text string) []Cause {
	bound, ok := message.LimitRange(text)
	if !ok {
		return nil
	}
	return []Cause{
		seen(LimitRange, "A LimitRange of the namespace does not allow it: %s.", trimDetail(bound)),
		look(LimitRange, "See the bounds: %s", x.kubectl("describe limitrange")),
		fix(LimitRange, "Set the container's resources within these bounds."),
	}
}

func (x explainer) podSecurity(text string) []Cause {
	level, how, ok := message.PodSecurity(text)
	if !ok {
		return nil
	}
	return []Cause{
		seen(PodSecurity, "Namespace %s enforces the %q Pod Security level, and the pod breaks it.", x.Namespace, level),
		look(PodSecurity, "It breaks: %s.", strings.ReplaceAll(how, "), ", "); ")),
		fix(PodSecurity, "Set these fields of securityContext in the pod's template."),
	}
}

func (x explainer) noServiceAccount(text string) []Cause {
	name, ok := message.MissingServiceAccount(text)
	if !ok {
		return nil
	}
	chain := []Cause{seen(MissingServiceAccount, "The pod runs as ServiceAccount %s, which is not in namespace %s.", name, x.Namespace)}
	if nearest, ok := near.Best(name, snapshot.Names(x.ServiceAccounts)); ok {
		chain = append(chain, look(MissingServiceAccount, "There is one of nearly that name: %s.", nearest))
	}
	return append(chain, fix(MissingServiceAccount, "Create it (%s), or name another in serviceAccountName.", x.kubectl("create serviceaccount %s", name)))
}

func (x explainer) webhook(text string) []Cause {
	name, reason, ok := message.Webhook(text)
	if !ok {
		return nil
	}
	return []Cause{seen(AdmissionDenied, "A rule of this cluster (%s) refuses it: %s", name, trimDetail(reason))}
}

func (x explainer) forbidden(text string) []Cause {
	denial, ok := message.Denied(text)
	if !ok {
		return nil
	}
	return x.denial(denial, nil)
}

// badSelector explains the two refusals that puzzle people about selectors.
func (x explainer) badSelector(text string) []Cause {
	switch {
	case strings.Contains(text, "spec.selector") && strings.Contains(text, "field is immutable"):
		return []Cause{
			seen(SelectorImmutable, "The selector of a workload cannot be changed once it is there."),
			fix(SelectorImmutable, "Delete the workload and create it anew with the other selector, or keep the selector."),
		}
	case strings.Contains(text, "`selector` does not match template `labels`"):
		return []Cause{
			seen(TemplateLabels, "The workload's selector does not match the labels of its own pod template."),
			fix(TemplateLabels, "Give spec.template.metadata.labels every label of spec.selector.matchLabels."),
		}
	}
	return nil
}
